import { type PipelineEnvironment, type PipelineFacts, registryHost } from './pipeline-facts';
import {
  accessScript,
  affectedScript,
  baseFile,
  deployCommands,
  imageTarget,
  INSTALL_SCANNER,
  installCommands,
  installTools,
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

function checkJob(facts: PipelineFacts): Job {
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
      ...(facts.scans ? [{ if: "github.event_name == 'pull_request'", run: INSTALL_SCANNER }] : []),
      {
        name: 'Check what changed, and build its images',
        env: { PR_BASE: '${{ github.event.pull_request.base.sha }}' },
        run: affectedScript(
          'check',
          [`-t lint test typecheck \${PR_BASE:+${imageTarget(facts.scans)}}`],
          'PR_BASE',
        ),
      },
      { if: "github.event_name == 'push'", ...save('check') },
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
      ...installTools(environment, facts.scans).map((run) => ({ run })),
      {
        name: 'Build, push and deploy what changed',
        ...secretsOf(environment),
        run: affectedScript(job, deployCommands(environment, facts.scans)),
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
