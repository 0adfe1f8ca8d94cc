import type { RECEIPTS_FOLDER as Receipts } from '../image/receipt';
import type { SCANS_FOLDER as Scans } from '../scan/scan-receipt';
import {
  ecrOf,
  type PipelineEnvironment,
  type PipelineFacts,
  registryHost,
} from './pipeline-facts';

/** How a pipeline reaches AWS: as a role, which AWS gives to the identity of the job, or with a key. */
export const AWS_SECRETS = ['AWS_ROLE_ARN', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

const ENGINE_SECRETS = {
  compose: ['SSH_PRIVATE_KEY', 'SSH_KNOWN_HOSTS', 'DOTENV'],
  kubernetes: ['KUBE_CONFIG', 'DOTENV'],
  ecs: AWS_SECRETS,
} as const;

/** Secrets of the pipeline that a person sets at the provider; all are optional. */
export function pipelineSecrets({
  engine,
  registry,
}: Pick<PipelineEnvironment, 'engine' | 'registry'>): string[] {
  const isLogin = engine !== 'ecs' || ecrOf(registry) === undefined;
  return [...(isLogin ? ['REGISTRY_USER', 'REGISTRY_PASSWORD'] : []), ...ENGINE_SECRETS[engine]];
}

/** What a scan found, as SARIF. */
export const SCANS_FOLDER: typeof Scans = 'dist/scans';

const RECEIPTS_FOLDER: typeof Receipts = 'dist/receipts';

/** Where a job writes the commit that it ended well for; the provider's cache takes it to the next run. */
export function baseFile(job: string): string {
  return `dist/ci/${job}`;
}

/** How the packages are installed, exactly as the lockfile says. */
export function installCommands({
  packageManager,
}: Pick<PipelineFacts, 'packageManager'>): string[] {
  const { kind } = packageManager;
  if (kind === 'npm') return ['npm ci'];
  const name = kind === 'yarn' ? '@yarnpkg/cli-dist' : kind;
  const force = kind === 'yarn' ? '--force ' : '';
  const install = {
    pnpm: 'pnpm install --frozen-lockfile',
    yarn: 'yarn install --immutable',
    bun: 'bun install --frozen-lockfile',
  }[kind];
  return [`npm install --global ${force}${name}@${packageManager.version}`, install];
}

/** The target that looks for known vulnerabilities. */
export const SCAN_TARGET = 'docker-scan';

/** A package of Debian that comes from a repository of its own. */
interface DebianPackage {
  name: string;
  /** The address of the repository's key. */
  key: string;
  /** Where its packages are, as apt takes it: address, suite and component. */
  source: string;
  /** The name of the files that apt has of the repository. */
  repository: string;
}

/** Installs a package, unless the runner has one of these programs. */
function installUnless(
  programs: readonly string[],
  { name, key, source, repository }: DebianPackage,
): string {
  const isMissing = programs.map((program) => `! command -v ${program} >/dev/null`).join(' && ');
  return `if ${isMissing}; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo install -d -m 755 /etc/apt/keyrings
  curl --fail --silent --show-error --location ${key} | $sudo tee /etc/apt/keyrings/${repository}.asc >/dev/null
  echo "deb [signed-by=/etc/apt/keyrings/${repository}.asc] ${source}" | $sudo tee /etc/apt/sources.list.d/${repository}.list >/dev/null
  $sudo apt-get update -qq
  $sudo apt-get install -qq --yes --no-install-recommends ${name}
fi
`;
}

/** Trivy from its own packages; Grype will do, too. */
export const INSTALL_SCANNER = installUnless(['trivy', 'grype'], {
  name: 'trivy',
  key: 'https://aquasecurity.github.io/trivy-repo/deb/public.key',
  source: 'https://aquasecurity.github.io/trivy-repo/deb generic main',
  repository: 'trivy',
});

/** kubectl from the packages of Kubernetes. */
const INSTALL_KUBECTL = installUnless(['kubectl'], {
  name: 'kubectl',
  key: 'https://pkgs.k8s.io/core:/stable:/v1.37/deb/Release.key',
  source: 'https://pkgs.k8s.io/core:/stable:/v1.37/deb/ /',
  repository: 'kubernetes',
});

/** The AWS CLI as AWS publishes it: the package of Debian 12 is too old for Service Connect's time limits. */
const INSTALL_AWS = `if ! command -v aws >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  curl --fail --silent --show-error --location "https://awscli.amazonaws.com/awscli-exe-linux-$(uname -m).zip" --output /tmp/awscli.zip
  unzip -q /tmp/awscli.zip -d /tmp
  $sudo /tmp/aws/install
fi`;

/** What a runner needs besides Docker, to deploy to an environment. */
export function installTools({ engine }: PipelineEnvironment, scans: boolean): string[] {
  return [
    ...(scans ? [INSTALL_SCANNER] : []),
    ...(engine === 'kubernetes' ? [INSTALL_KUBECTL] : []),
  ];
}

/** What a deploy runs, in this order: nothing is pushed before all images were scanned. */
export function deployCommands({ name, engine }: PipelineEnvironment, scans: boolean): string[] {
  return [...(scans ? [SCAN_TARGET] : []), `${engine}-deploy`].map(
    (target) => `-t ${target} -c ${name}`,
  );
}

/** What is done with the images of a pull request. */
export function imageTarget(scans: boolean): string {
  return scans ? SCAN_TARGET : 'docker-build';
}

/** What is checked of each project. */
export const CHECKS = '-t lint test typecheck';

/** Lists the services that changed since the commit in a variable, for a matrix of GitHub. */
export function listScript(base: string): string {
  return [
    `base="$${base}"`,
    ...listServices('--json'),
    'echo "services=$services"',
    'echo "services=$services" >> "$GITHUB_OUTPUT"',
    '',
  ].join('\n');
}

/** Puts the services that changed since `$base` into `$services`. */
export function listServices(format: string): string[] {
  const list = (options: string) =>
    `services=$(npx nx show projects ${options}--with-target docker-build ${format})`;
  return sinceBase([list('--affected --base="$base" ')], [list('')]);
}

/** Checks what changed. In a pull request, whose base is in a variable, other jobs check services. */
export function checkRestScript(job: string, base: string): string {
  return [
    'services=',
    `if [ -n "$${base}" ]; then`,
    `  base="$${base}"`,
    ...listServices('--sep ,').map((line) => `  ${line}`),
    'fi',
    affectedScript(job, [`${CHECKS} \${services:+--exclude="$services"}`], base),
  ].join('\n');
}

/**
 * Runs targets for what changed since the job last ended well, and remembers the commit. Without such a commit, or if
 * it is not in the history any more, they run for all projects: what has not changed is found, not done again.
 *
 * @param commands the options of `nx affected`, one run after the other.
 * @param base a shell expression with a commit that goes before the remembered one; it may be empty.
 */
export function affectedScript(job: string, commands: readonly string[], base?: string): string {
  const file = baseFile(job);
  const remembered = `$(cat ${file} 2>/dev/null || true)`;
  return [
    `base="${base === undefined ? remembered : `\${${base}:-${remembered}}`}"`,
    ...sinceBase(
      commands.map((command) => `npx nx affected --base="$base" ${command}`),
      commands.map((command) => `npx nx run-many ${command}`),
    ),
    `mkdir -p ${baseFile('')}`,
    ...(base === undefined
      ? [`git rev-parse HEAD > ${file}`]
      : [`[ -n "$${base}" ] || git rev-parse HEAD > ${file}`]),
    '',
  ].join('\n');
}

/** Commands for what changed since `$base`, and those for all projects if the history has no such commit. */
export function sinceBase(changed: readonly string[], all: readonly string[]): string[] {
  return [
    'if git merge-base --is-ancestor "$base" HEAD 2>/dev/null; then',
    ...changed.map((line) => `  ${line}`),
    'else',
    ...all.map((line) => `  ${line}`),
    'fi',
  ];
}

/** Gets the pipeline to the registry and the engine of an environment. Secrets that are not set change nothing. */
export function accessScript(environment: PipelineEnvironment): string {
  const { engine, registry, host } = environment;
  const login =
    registry === undefined || (engine === 'ecs' && ecrOf(registry))
      ? []
      : [
          'if [ -n "$REGISTRY_PASSWORD" ]; then',
          `  printf '%s' "$REGISTRY_PASSWORD" | docker login ${registryHost(registry)} --username "$REGISTRY_USER" --password-stdin`,
          'fi',
        ];
  const ssh =
    host === undefined || !host.startsWith('ssh://')
      ? []
      : [
          'if [ -n "$SSH_PRIVATE_KEY" ]; then',
          '  install -d -m 700 ~/.ssh',
          `  printf '%s\\n' "$SSH_PRIVATE_KEY" | tr -d '\\r' > ~/.ssh/deploy`,
          `  printf '%s\\n' "$SSH_KNOWN_HOSTS" >> ~/.ssh/known_hosts`,
          `  printf 'Host *\\n  IdentityFile ~/.ssh/deploy\\n  ControlMaster auto\\n  ControlPath ~/.ssh/%%C\\n  ControlPersist 60\\n  ServerAliveInterval 15\\n' >> ~/.ssh/config`,
          '  chmod 600 ~/.ssh/deploy ~/.ssh/config',
          'fi',
        ];
  const cluster =
    engine !== 'kubernetes'
      ? []
      : [
          'if [ -n "$KUBE_CONFIG" ]; then',
          '  install -d -m 700 ~/.kube',
          `  (umask 077; printf '%s\\n' "$KUBE_CONFIG" > ~/.kube/config)`,
          'fi',
        ];
  return [
    ...login,
    ...ssh,
    ...cluster,
    ...(engine === 'ecs'
      ? awsAccess(environment)
      : ['if [ -n "$DOTENV" ]; then', `  printf '%s\\n' "$DOTENV" > .env`, 'fi']),
    '',
  ].join('\n');
}

/** Whether AWS accepts the credentials of the job, as a condition of a shell. */
export function knowsAws({ region }: PipelineEnvironment): string {
  return `aws sts get-caller-identity --region ${region} >/dev/null 2>&1`;
}

function awsAccess(environment: PipelineEnvironment): string[] {
  const ecr = ecrOf(environment.registry);
  return [
    INSTALL_AWS,
    `if ! ${knowsAws(environment)}; then`,
    '  echo "AWS accepts no credentials of this job: set AWS_ROLE_ARN, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"',
    ...(ecr
      ? [
          'else',
          `  aws ecr get-login-password --region ${ecr.region} | docker login ${ecr.host} --username AWS --password-stdin`,
        ]
      : []),
    'fi',
  ];
}

/** Lets the AWS CLI take the role `$AWS_ROLE_ARN` with the token of the job. */
export const TAKE_AWS_ROLE = [
  'if [ -n "$AWS_ROLE_ARN" ] && [ -n "$AWS_ID_TOKEN" ]; then',
  '  export AWS_WEB_IDENTITY_TOKEN_FILE="$HOME/.aws-id-token"',
  `  (umask 077; printf '%s' "$AWS_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")`,
  'fi',
  '',
].join('\n');

/**
 * Fails unless what this job pushed runs as it should and everything is healthy. If it pushed nothing, there is nothing to
 * verify: the job has no receipt.
 */
export function verifyScript({ name }: PipelineEnvironment): string {
  return [
    `if [ -n "$(find ${RECEIPTS_FOLDER} -name docker-push.${name}.json 2>/dev/null)" ]; then`,
    `  npx micro status -e ${name} --check --pushed`,
    'fi',
    '',
  ].join('\n');
}

/** Asks the public address until it answers; any answer of the services themselves will do. */
export function smokeScript(url: string): string {
  return [
    `code=$(curl --silent --show-error --location --retry 5 --retry-all-errors --max-time 20 --output /dev/null --write-out '%{http_code}' ${url})`,
    `echo "${url} answered $code"`,
    '[ "$code" -lt 500 ]',
    '',
  ].join('\n');
}

/** Goes back to an earlier release of `$SERVICE`, to `$TO` if it is set. */
export function rollbackScript({ name, engine }: PipelineEnvironment): string {
  return `npx nx ${engine}-rollback "$SERVICE" -c ${name} \${TO:+--to="$TO"}\n`;
}
