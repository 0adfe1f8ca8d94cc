import {
  access,
  awsRights,
  installCosign,
  isOfGithub,
  keepScans,
  machineOf,
  OF_THIS_REPOSITORY,
  PR_BASE,
  secretsOf,
  setUp,
  type Job,
} from './github-steps';
import type { PipelineEnvironment, PipelineFacts } from './pipeline-facts';
import {
  githubCommentScript,
  planEnvironment,
  planFile,
  planJobName,
  planScript,
  planVerifies,
} from './plan-scripts';
import { CHECKS, imageTarget, INSTALL_SCANNER, installTools, listScript } from './scripts';

const IN_THIS_REPOSITORY = `github.event_name == 'pull_request' && ${OF_THIS_REPOSITORY}`;

/** Lists the services that a pull request changes. */
export function affectedJob(facts: PipelineFacts): Job {
  return {
    if: "github.event_name == 'pull_request'",
    'runs-on': 'ubuntu-latest',
    outputs: { services: '${{ steps.list.outputs.services }}' },
    steps: [...setUp(facts), { id: 'list', env: PR_BASE, run: listScript('PR_BASE') }],
  };
}

/** One job for each of these services. */
export function serviceJob(facts: PipelineFacts): Job {
  const { scans } = facts.choices;
  return {
    if: "github.event_name == 'pull_request' && needs.affected.outputs.services != '[]'",
    needs: 'affected',
    'runs-on': 'ubuntu-latest',
    strategy: {
      'fail-fast': false,
      matrix: { service: '${{ fromJSON(needs.affected.outputs.services) }}' },
    },
    concurrency: {
      group: 'service-${{ github.ref }}-${{ matrix.service }}',
      'cancel-in-progress': true,
    },
    steps: [
      ...setUp(facts),
      ...(scans ? [{ run: INSTALL_SCANNER }] : []),
      {
        name: 'Check the service, and build its image',
        env: { SERVICE: '${{ matrix.service }}' },
        run: `npx nx run-many -p "$SERVICE" ${CHECKS} ${imageTarget(scans)}\n`,
      },
      ...keepScans(scans, '${{ matrix.service }}'),
    ],
  };
}

/** For each environment a job that plans; one without secrets and code of the pull request writes the comment. */
export function planJobs(facts: PipelineFacts): Record<string, Job> {
  const { environments, choices } = facts;
  const planned = environments.filter(({ name }) => choices.plans.includes(name));
  if (planned.length === 0) return {};
  const names = planned.map(({ name }) => planJobName(name));
  return {
    ...Object.fromEntries(
      planned.map((one) => [planJobName(one.name), planJob(facts, one, planned.length)]),
    ),
    'comment-plan': {
      if: `!cancelled() && ${IN_THIS_REPOSITORY}`,
      needs: names,
      'runs-on': 'ubuntu-latest',
      concurrency: { group: 'comment-plan-${{ github.ref }}', 'cancel-in-progress': false },
      permissions: { 'pull-requests': 'write' },
      steps: [
        {
          name: 'Write the plans into one comment',
          env: {
            TOKEN: '${{ github.token }}',
            NUMBER: '${{ github.event.pull_request.number }}',
            ...Object.fromEntries(
              names.map((name, at) => [`PLAN_${at + 1}`, `\${{ needs.${name}.outputs.plan }}`]),
            ),
          },
          run: githubCommentScript(names.length),
        },
      ],
    },
  };
}

function planJob(facts: PipelineFacts, environment: PipelineEnvironment, shared: number): Job {
  const job = planJobName(environment.name);
  const file = planFile(environment);
  return {
    if: IN_THIS_REPOSITORY,
    needs: 'check',
    'runs-on': machineOf(environment),
    environment: { name: planEnvironment(environment) },
    concurrency: { group: `${job}-\${{ github.ref }}`, 'cancel-in-progress': true },
    permissions: {
      contents: 'read',
      ...(isOfGithub(environment.registry) ? { packages: 'read' } : {}),
      ...awsRights(environment),
    },
    outputs: { plan: '${{ steps.plan.outputs.plan }}' },
    steps: [
      ...setUp(facts),
      ...access(environment, true),
      ...(planVerifies(environment) ? installCosign(environment) : []),
      ...installTools(environment, false).map((run) => ({ run })),
      {
        name: 'Plan, without a push or a change',
        id: 'plan',
        env: { ...PR_BASE, ...secretsOf(environment)?.env },
        run: planScript(environment, 'PR_BASE', shared, [
          `cat ${file} >> "$GITHUB_STEP_SUMMARY"`,
          `{ echo 'plan<<END_OF_PLAN'; cat ${file}; echo END_OF_PLAN; } >> "$GITHUB_OUTPUT"`,
        ]),
      },
    ],
  };
}
