import { affectedJob, planJobs, serviceJob } from './github-pull-requests';
import {
  access,
  awsRights,
  installCosign,
  isOfGithub,
  keepScans,
  machineOf,
  PR_BASE,
  reportScansJob,
  restore,
  save,
  secretsOf,
  setUp,
  signingRights,
  type Job,
} from './github-steps';
import { findPending, hasPending, pendingOutputs } from './github-pending';
import type { PipelineEnvironment, PipelineFacts } from './pipeline-facts';
import {
  affectedScript,
  checkRestScript,
  CHECKS,
  deployCommands,
  imageTarget,
  INSTALL_SCANNER,
  installTools,
  rollbackScript,
  smokeScript,
  verifyScript,
} from './scripts';

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
          deployJob(facts, one, environments[at - 1]),
        ]),
      ),
      ...(facts.choices.scans ? { 'report-scans': reportScansJob(jobsThatScan(facts)) } : {}),
      ...Object.fromEntries(
        environments.map((one) => [`rollback-${one.name}`, rollbackJob(facts, one)]),
      ),
    },
  };
}

/** Of a pull request and of the main branch. Further environments are given the same images. */
function jobsThatScan({ environments: [first], choices }: PipelineFacts): string[] {
  return [choices.matrix ? 'service' : 'check', ...(first ? [`deploy-${first.name}`] : [])];
}

const ROLLBACK_INPUTS = {
  service: { description: 'The service to roll back', required: true, type: 'string' },
  environment: { description: 'Where it runs', required: true, type: 'environment' },
  to: {
    description: 'A release number, digest or image key; the previous release if empty',
    type: 'string',
  },
};

function checkJob(facts: PipelineFacts): Job {
  const { scans, matrix } = facts.choices;
  const run = matrix
    ? checkRestScript('check', 'PR_BASE')
    : affectedScript('check', [`${CHECKS} \${PR_BASE:+${imageTarget(scans)}}`], 'PR_BASE');
  return {
    if: "github.event_name != 'workflow_dispatch'",
    ...pendingOutputs(facts.environments),
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
      ...keepScans(scans && !matrix, 'check'),
      ...findPending(facts.environments),
      { if: "github.event_name == 'push'", ...save('check') },
    ],
  };
}

function deployJob(
  facts: PipelineFacts,
  environment: PipelineEnvironment,
  before: PipelineEnvironment | undefined,
): Job {
  const { name, url } = environment;
  const job = `deploy-${name}`;
  return {
    if: hasPending(job),
    needs: ['check', ...(before ? [`deploy-${before.name}`] : [])],
    ...placeOf(environment, signingRights(environment)),
    steps: [
      ...setUp(facts),
      restore(job),
      ...access(environment),
      ...installCosign(environment),
      ...installTools(environment, facts.choices.scans).map((run) => ({ run })),
      {
        name: 'Build, push and deploy what changed',
        ...secretsOf(environment),
        run: affectedScript(job, deployCommands(environment, facts.choices.scans)),
      },
      ...keepScans(facts.choices.scans && before === undefined, name),
      {
        name: 'Verify what was deployed',
        ...secretsOf(environment),
        run: verifyScript(environment),
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
      ...access(environment),
      ...installCosign(environment),
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
function placeOf(environment: PipelineEnvironment, rights: Record<string, string> = {}): Job {
  const { name, registry, url } = environment;
  return {
    'runs-on': machineOf(environment),
    environment: url === undefined ? { name } : { name, url },
    concurrency: { group: `deploy-${name}`, 'cancel-in-progress': false },
    permissions: {
      contents: 'read',
      ...(isOfGithub(registry) ? { packages: 'write' } : {}),
      ...awsRights(environment),
      ...rights,
    },
  };
}
