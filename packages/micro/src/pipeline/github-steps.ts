import { type PipelineEnvironment, type PipelineFacts, registryHost } from './pipeline-facts';
import {
  accessScript,
  AWS_SECRETS,
  baseFile,
  installCommands,
  pipelineSecrets,
  SCANS_FOLDER,
} from './scripts';

/** Pinned by commit: a tag of an action can be moved. */
const ACTIONS = {
  checkout: 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0',
  setupNode: 'actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0',
  restore: 'actions/cache/restore@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0',
  save: 'actions/cache/save@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0',
  upload: 'actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0',
  download: 'actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53 # v6.0.0',
  cosign: 'sigstore/cosign-installer@faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0',
  awsCredentials:
    'aws-actions/configure-aws-credentials@8df5847569e6427dd6c4fb1cf565c83acfa8afa7 # v6.0.0',
  uploadSarif:
    'github/codeql-action/upload-sarif@5d4e8d1aca955e8d8589aabd499c5cae939e33c7 # v4.31.9',
} as const;

export type Step = Readonly<Record<string, unknown>>;
export type Job = Readonly<Record<string, unknown>>;

/** The commit that a pull request is compared with; empty for other events. */
export const PR_BASE = { PR_BASE: '${{ github.event.pull_request.base.sha }}' };

export function setUp(facts: PipelineFacts): Step[] {
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

const ENGINES = { compose: 'the engine', kubernetes: 'the cluster', ecs: 'AWS' } as const;

/** @param isOptional whether the job goes on without access. */
export function access(environment: PipelineEnvironment, isOptional = false): Step[] {
  const { engine, registry } = environment;
  const names = pipelineSecrets(environment).filter((name) => !isOfAws(name));
  const secrets = Object.fromEntries(names.map((name) => [name, secret(name)]));
  const env = isOfGithub(registry)
    ? {
        ...secrets,
        REGISTRY_USER: '${{ github.actor }}',
        REGISTRY_PASSWORD: secret('GITHUB_TOKEN'),
      }
    : secrets;
  return [
    ...(engine === 'ecs' ? [awsCredentials(environment, isOptional)] : []),
    {
      name: `Reach the registry and ${ENGINES[engine]}`,
      ...(Object.keys(env).length > 0 ? { env } : {}),
      run: accessScript(environment),
    },
  ];
}

function isOfAws(name: string): boolean {
  return (AWS_SECRETS as readonly string[]).includes(name);
}

/** As a role, which AWS gives to the identity of the job, or with a key; what is not set is empty. */
function awsCredentials({ region }: PipelineEnvironment, isOptional: boolean): Step {
  const [role, key, password] = AWS_SECRETS;
  return {
    uses: ACTIONS.awsCredentials,
    ...(isOptional ? { 'continue-on-error': true } : {}),
    with: {
      'aws-region': region,
      'role-to-assume': secret(role),
      'aws-access-key-id': secret(key),
      'aws-secret-access-key': secret(password),
    },
  };
}

function secret(name: string): string {
  return `\${{ secrets.${name} }}`;
}

/** GitHub's own registry takes the token of the run. */
export function isOfGithub(registry: string | undefined): boolean {
  return registry !== undefined && registryHost(registry) === 'ghcr.io';
}

export function secretsOf({ variables }: PipelineEnvironment) {
  return variables.length === 0
    ? undefined
    : { env: Object.fromEntries(variables.map((name) => [name, secret(name)])) };
}

/** The newest commit that a run of this job remembered. */
export function restore(job: string): Step {
  return {
    uses: ACTIONS.restore,
    with: {
      path: baseFile(job),
      key: `micro-${job}-\${{ github.sha }}`,
      'restore-keys': `micro-${job}-`,
    },
  };
}

export function save(job: string): Step {
  return {
    uses: ACTIONS.save,
    with: { path: baseFile(job), key: `micro-${job}-\${{ github.sha }}` },
  };
}

/** Who sends a pull request from a fork is given nothing that has secrets. */
export const OF_THIS_REPOSITORY =
  'github.event.pull_request.head.repo.full_name == github.repository';

/** Who vouches for what GitHub's own jobs sign without a key. */
const ISSUER = 'https://token.actions.githubusercontent.com';

/** The right to an identity of the job, only where an environment demands that the pipeline signs with it. */
export function signingRights({ issuer }: PipelineEnvironment): Record<string, string> {
  return issuer === ISSUER ? { 'id-token': 'write' } : {};
}

/** The right to an identity of the job, for which AWS gives it a role. */
export function awsRights({ engine }: PipelineEnvironment): Record<string, string> {
  return engine === 'ecs' ? { 'id-token': 'write' } : {};
}

/** A machine that builds images for ARM64 builds them without an emulator. */
export function machineOf({ isArm = false }: PipelineEnvironment): string {
  return isArm ? 'ubuntu-24.04-arm' : 'ubuntu-latest';
}

/** What checks signatures, and makes them. */
export function installCosign({ verifies = false }: PipelineEnvironment): Step[] {
  return verifies ? [{ uses: ACTIONS.cosign }] : [];
}

/** Keeps what a job scanned for the job that reports it, also if the scan failed. */
export function keepScans(scans: boolean, name: string): Step[] {
  if (!scans) return [];
  return [
    {
      if: '!cancelled()',
      uses: ACTIONS.upload,
      with: {
        name: `scans-${name}`,
        path: SCANS_FOLDER,
        'if-no-files-found': 'ignore',
        overwrite: true,
        'retention-days': 1,
      },
    },
  ];
}

/**
 * Shows what the scans of these jobs found in GitHub's code scanning. Only this job may write there, and it runs no code of
 * the workspace.
 */
export function reportScansJob(needs: readonly string[]): Job {
  return {
    if: `!cancelled() && (github.event_name == 'push' || ${OF_THIS_REPOSITORY})`,
    needs,
    'runs-on': 'ubuntu-latest',
    permissions: { actions: 'read', 'security-events': 'write' },
    steps: [
      {
        uses: ACTIONS.download,
        with: { pattern: 'scans-*', path: SCANS_FOLDER, 'merge-multiple': true },
      },
      {
        if: `hashFiles('${SCANS_FOLDER}/**/*.sarif') != ''`,
        uses: ACTIONS.uploadSarif,
        with: { sarif_file: SCANS_FOLDER },
      },
    ],
  };
}
