import { type PipelineEnvironment, type PipelineFacts, registryHost } from './pipeline-facts';
import { commentScript, planEnvironment, planFile, planJobName, planScript } from './plan-scripts';
import {
  accessScript,
  affectedScript,
  baseFile,
  checkRestScript,
  CHECKS,
  deployCommands,
  imageTarget,
  INSTALL_SCANNER,
  installCommands,
  installTools,
  listScript,
  PIPELINE_SECRETS,
  rollbackScript,
  smokeScript,
} from './scripts';

/** Pinned by commit: a tag of an action can be moved. */
const ACTIONS = {
  checkout: 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0',
  setupNode: 'actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0',
  restore: 'actions/cache/restore@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0',
  save: 'actions/cache/save@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0',
} as const;

type Step = Readonly<Record<string, unknown>>;
type Job = Readonly<Record<string, unknown>>;

/** A workflow of GitHub Actions: what is around the jobs, and the jobs by name. */
export function githubWorkflow(facts: PipelineFacts): {
  head: Record<string, unknown>;
  jobs: Record<string, Job>;
} {
  const { environments, mainBranch } = facts;
  return {
    head: {
      name: 'micro',
      on: {
        pull_request: null,
        push: { branches: [mainBranch] },
        ...(environments.length > 0 ? { workflow_dispatch: { inputs: ROLLBACK_INPUTS } } : {}),
      },
      permissions: { contents: 'read' },
      env: { NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false' },
    },
    jobs: {
      check: checkJob(facts),
      ...(facts.choices.matrix ? { affected: affectedJob(facts), service: serviceJob(facts) } : {}),
      ...planJobs(facts),
      ...Object.fromEntries(
        environments.map((one, at) => [
          `deploy-${one.name}`,
          deployJob(facts, one, at === 0 ? 'check' : `deploy-${environments[at - 1]!.name}`),
        ]),
      ),
      ...Object.fromEntries(
        environments.map((one) => [`rollback-${one.name}`, rollbackJob(facts, one)]),
      ),
    },
  };
}

const ROLLBACK_INPUTS = {
  service: { description: 'The service to roll back', required: true, type: 'string' },
  environment: { description: 'Where it runs', required: true, type: 'environment' },
  to: {
    description: 'A release number, digest or image key; the previous release if empty',
    type: 'string',
  },
};

/** The commit that a pull request is compared with; empty for other events. */
const PR_BASE = { PR_BASE: '${{ github.event.pull_request.base.sha }}' };

/** Who sends a pull request from a fork is given nothing that has secrets. */
const OF_THIS_REPOSITORY =
  "github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository";

function checkJob(facts: PipelineFacts): Job {
  const { scans, matrix } = facts.choices;
  const run = matrix
    ? checkRestScript('check', 'PR_BASE')
    : affectedScript('check', [`${CHECKS} \${PR_BASE:+${imageTarget(scans)}}`], 'PR_BASE');
  return {
    if: "github.event_name != 'workflow_dispatch'",
    'runs-on': 'ubuntu-latest',
    concurrency: {
      group: 'check-${{ github.ref }}',
      'cancel-in-progress': "${{ github.event_name == 'pull_request' }}",
    },
    steps: [
      ...setUp(facts),
      restore('check'),
      { run: 'npx nx sync:check' },
      ...(scans && !matrix
        ? [{ if: "github.event_name == 'pull_request'", run: INSTALL_SCANNER }]
        : []),
      {
        name: matrix
          ? 'Check what changed; in a pull request, services have jobs of their own'
          : 'Check what changed, and build its images',
        env: PR_BASE,
        run,
      },
      { if: "github.event_name == 'push'", ...save('check') },
    ],
  };
}

/** Lists the services that a pull request changes. */
function affectedJob(facts: PipelineFacts): Job {
  return {
    if: "github.event_name == 'pull_request'",
    'runs-on': 'ubuntu-latest',
    outputs: { services: '${{ steps.list.outputs.services }}' },
    steps: [...setUp(facts), { id: 'list', env: PR_BASE, run: listScript('PR_BASE') }],
  };
}

/** One job for each of these services. */
function serviceJob(facts: PipelineFacts): Job {
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
    ],
  };
}

/** For each environment a job that plans; one without secrets and code of the pull request writes the comment. */
function planJobs(facts: PipelineFacts): Record<string, Job> {
  const { environments, choices } = facts;
  const planned = environments.filter(({ name }) => choices.plans.includes(name));
  if (planned.length === 0) return {};
  const names = planned.map(({ name }) => planJobName(name));
  return {
    ...Object.fromEntries(
      planned.map((one) => [planJobName(one.name), planJob(facts, one, planned.length)]),
    ),
    'comment-plan': {
      if: `!cancelled() && ${OF_THIS_REPOSITORY}`,
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
          run: commentScript(names.length),
        },
      ],
    },
  };
}

function planJob(facts: PipelineFacts, environment: PipelineEnvironment, shared: number): Job {
  const job = planJobName(environment.name);
  const file = planFile(environment);
  return {
    if: OF_THIS_REPOSITORY,
    needs: 'check',
    'runs-on': 'ubuntu-latest',
    environment: { name: planEnvironment(environment) },
    concurrency: { group: `${job}-\${{ github.ref }}`, 'cancel-in-progress': true },
    permissions: {
      contents: 'read',
      ...(isOfGithub(environment.registry) ? { packages: 'read' } : {}),
    },
    outputs: { plan: '${{ steps.plan.outputs.plan }}' },
    steps: [
      ...setUp(facts),
      access(environment),
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

function deployJob(facts: PipelineFacts, environment: PipelineEnvironment, needs: string): Job {
  const { name, url } = environment;
  const job = `deploy-${name}`;
  return {
    if: "github.event_name == 'push'",
    needs,
    ...placeOf(environment),
    steps: [
      ...setUp(facts),
      restore(job),
      access(environment),
      ...installTools(environment, facts.choices.scans).map((run) => ({ run })),
      {
        name: 'Build, push and deploy what changed',
        ...secretsOf(environment),
        run: affectedScript(job, deployCommands(environment, facts.choices.scans)),
      },
      ...(url === undefined ? [] : [{ name: 'Ask the platform', run: smokeScript(url) }]),
      save(job),
    ],
  };
}

function rollbackJob(facts: PipelineFacts, environment: PipelineEnvironment): Job {
  return {
    if: `github.event_name == 'workflow_dispatch' && inputs.environment == '${environment.name}'`,
    ...placeOf(environment),
    steps: [
      ...setUp(facts),
      access(environment),
      ...installTools(environment, false).map((run) => ({ run })),
      {
        name: 'Go back',
        env: {
          SERVICE: '${{ inputs.service }}',
          TO: '${{ inputs.to }}',
          ...secretsOf(environment)?.env,
        },
        run: rollbackScript(environment),
      },
    ],
  };
}

/** One job at a time, and a job that waits is replaced by a newer one. */
function placeOf({ name, registry, url }: PipelineEnvironment): Job {
  return {
    'runs-on': 'ubuntu-latest',
    environment: url === undefined ? { name } : { name, url },
    concurrency: { group: `deploy-${name}`, 'cancel-in-progress': false },
    permissions: {
      contents: 'read',
      ...(isOfGithub(registry) ? { packages: 'write' } : {}),
    },
  };
}

function setUp(facts: PipelineFacts): Step[] {
  const { node, packageManager } = facts;
  const version =
    node.file === undefined ? { 'node-version': node.version } : { 'node-version-file': node.file };
  return [
    // The whole history: a deploy refuses to replace a newer commit, and the base may be far back.
    { uses: ACTIONS.checkout, with: { 'fetch-depth': 0, 'persist-credentials': false } },
    {
      uses: ACTIONS.setupNode,
      with: {
        ...version,
        ...(packageManager.kind === 'npm' ? { cache: 'npm' } : { 'package-manager-cache': false }),
      },
    },
    ...installCommands(facts).map((run) => ({ run })),
  ];
}

function access(environment: PipelineEnvironment): Step {
  const secrets = Object.fromEntries(
    PIPELINE_SECRETS[environment.engine].map((name) => [name, `\${{ secrets.${name} }}`]),
  );
  return {
    name: `Reach the registry and the ${environment.engine === 'compose' ? 'engine' : 'cluster'}`,
    env: isOfGithub(environment.registry)
      ? {
          ...secrets,
          REGISTRY_USER: '${{ github.actor }}',
          REGISTRY_PASSWORD: '${{ secrets.GITHUB_TOKEN }}',
        }
      : secrets,
    run: accessScript(environment),
  };
}

/** GitHub's own registry takes the token of the run. */
function isOfGithub(registry: string | undefined): boolean {
  return registry !== undefined && registryHost(registry) === 'ghcr.io';
}

function secretsOf({ variables }: PipelineEnvironment) {
  return variables.length === 0
    ? undefined
    : { env: Object.fromEntries(variables.map((name) => [name, `\${{ secrets.${name} }}`])) };
}

/** The newest commit that a run of this job remembered. */
function restore(job: string): Step {
  return {
    uses: ACTIONS.restore,
    with: {
      path: baseFile(job),
      key: `micro-${job}-\${{ github.sha }}`,
      'restore-keys': `micro-${job}-`,
    },
  };
}

function save(job: string): Step {
  return {
    uses: ACTIONS.save,
    with: { path: baseFile(job), key: `micro-${job}-\${{ github.sha }}` },
  };
}
