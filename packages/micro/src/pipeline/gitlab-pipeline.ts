import { serviceJobs } from './gitlab-services';
import { cacheOf, IN_MERGE_REQUEST, keepScans, MERGE_BASE, type Job } from './gitlab-steps';
import type { PipelineChoices, PipelineEnvironment, PipelineFacts } from './pipeline-facts';
import {
  COMMENT_ENVIRONMENT,
  gitlabCommentScript,
  planEnvironment,
  planFile,
  planJobName,
  planScript,
  planVerifies,
} from './plan-scripts';
import {
  accessScript,
  affectedScript,
  checkRestScript,
  CHECKS,
  deployCommands,
  imageTarget,
  INSTALL_SCANNER,
  installCommands,
  installTools,
  rollbackScript,
  smokeScript,
  TAKE_AWS_ROLE,
  verifyScript,
} from './scripts';

/** The client, buildx and Compose from Docker's own packages; a runner that has them keeps its own. */
const INSTALL_DOCKER = `if ! docker compose version >/dev/null 2>&1 || ! docker buildx version >/dev/null 2>&1; then
  install -d -m 755 /etc/apt/keyrings
  curl --fail --silent --show-error --location https://download.docker.com/linux/debian/gpg -o /etc/apt/keyrings/docker.asc
  . /etc/os-release
  echo "deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian $VERSION_CODENAME stable" > /etc/apt/sources.list.d/docker.list
  apt-get update -qq
  apt-get install -qq --yes --no-install-recommends docker-ce-cli docker-buildx-plugin docker-compose-plugin
fi
`;

/** A pipeline of GitLab: jobs by name, the hidden one that the others extend among them. */
export function gitlabPipeline(facts: PipelineFacts): Record<string, Job> {
  const { environments, choices } = facts;
  const { scans, plans, matrix } = choices;
  const planned = environments.filter(({ name }) => plans.includes(name));
  return {
    '.micro': baseJob(facts),
    check: checkJob(choices),
    ...(matrix ? serviceJobs(scans) : {}),
    ...Object.fromEntries(planned.map((one) => [planJobName(one.name), planJob(one)])),
    ...(planned.length > 0 ? { 'comment-plan': commentJob(facts, planned) } : {}),
    ...Object.fromEntries(
      environments.map((one, at) => [
        `deploy-${one.name}`,
        deployJob(one, scans, at === 0 ? undefined : `deploy-${environments[at - 1]!.name}`),
      ]),
    ),
    ...Object.fromEntries(environments.map((one) => [`rollback-${one.name}`, rollbackJob(one)])),
  };
}

function baseJob(facts: PipelineFacts): Job {
  return {
    image: `node:${nodeTag(facts)}-bookworm`,
    services: [{ name: 'docker:28-dind', alias: 'docker' }],
    variables: {
      DOCKER_HOST: 'tcp://docker:2376',
      DOCKER_TLS_CERTDIR: '/certs',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: '/certs/client',
      // The whole history: a deploy refuses to replace a newer commit, and the base may be far back.
      GIT_DEPTH: '0',
      NX_DAEMON: 'false',
      NX_ISOLATE_PLUGINS: 'false',
    },
    before_script: [INSTALL_DOCKER, ...installCommands(facts)],
  };
}

/** `.nvmrc` may say v22.3.0, lts/jod or lts/*; the image's tags are 22.3.0, jod and lts. */
function nodeTag({ node }: PipelineFacts): string {
  return node.version.replace(/^v(?=\d)/, '').replace(/^lts\/(?!\*)|\/\*$/, '');
}

const ON_MAIN = '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH';

/** With a matrix, the jobs of services build their images. */
function checkJob({ scans, matrix }: PipelineChoices): Job {
  const image = `\${${MERGE_BASE}:+${imageTarget(scans)}}`;
  return {
    extends: '.micro',
    stage: 'test',
    rules: [{ if: IN_MERGE_REQUEST }, { if: ON_MAIN }],
    cache: cacheOf('check'),
    ...keepScans(scans && !matrix),
    script: [
      'npx nx sync:check',
      ...(scans && !matrix ? [`if [ -n "$${MERGE_BASE}" ]; then\n${INSTALL_SCANNER}fi\n`] : []),
      matrix
        ? checkRestScript('check', MERGE_BASE)
        : affectedScript('check', [`${CHECKS} ${image}`], MERGE_BASE),
    ],
  };
}

/** One from a fork has no such job: its code would get the secrets. */
const MERGES_OWN_BRANCH = `${IN_MERGE_REQUEST} && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID`;

/** Shown in the merge request. */
function planJob(environment: PipelineEnvironment): Job {
  const { name } = environment;
  const file = planFile(environment);
  return {
    extends: '.micro',
    stage: 'deploy',
    needs: ['check'],
    rules: [{ if: MERGES_OWN_BRANCH }],
    environment: { name: planEnvironment(environment), action: 'verify' },
    interruptible: true,
    artifacts: { when: 'always', expose_as: `Plan for ${name}`, paths: [file] },
    ...tokensOf(environment, 'engine'),
    script: [
      ...(planVerifies(environment) ? requireCosign(environment) : []),
      ...access(environment),
      ...installTools(environment, false),
      planScript(environment, MERGE_BASE, 1, [`cat ${file}`]),
    ],
  };
}

/**
 * Writes the plans into one comment, also those that failed. It fetches and installs nothing, so no package's script sees
 * the token. A rule cannot ask for the token: GitLab may not know variables of an environment when it reads rules.
 */
function commentJob(facts: PipelineFacts, planned: readonly PipelineEnvironment[]): Job {
  return {
    image: `node:${nodeTag(facts)}-bookworm-slim`,
    stage: 'deploy',
    needs: planned.map(({ name }) => planJobName(name)),
    rules: [{ if: MERGES_OWN_BRANCH, when: 'always' }],
    environment: { name: COMMENT_ENVIRONMENT, action: 'verify' },
    resource_group: 'comment-plan-$CI_MERGE_REQUEST_IID',
    variables: { GIT_STRATEGY: 'none' },
    script: [gitlabCommentScript(planned)],
  };
}

function deployJob(
  environment: PipelineEnvironment,
  scans: boolean,
  previous: string | undefined,
): Job {
  const { name, url } = environment;
  const job = `deploy-${name}`;
  return {
    ...placeOf(environment),
    needs: [previous ?? 'check'],
    rules: [{ if: ON_MAIN, ...(previous === undefined ? {} : { when: 'manual' }) }],
    cache: cacheOf(job),
    ...tokensOf(environment),
    ...keepScans(scans),
    script: [
      ...requireCosign(environment),
      ...access(environment),
      ...installTools(environment, scans),
      affectedScript(job, deployCommands(environment, scans)),
      verifyScript(environment),
      ...(url === undefined ? [] : [smokeScript(url)]),
    ],
  };
}

function rollbackJob(environment: PipelineEnvironment): Job {
  return {
    ...placeOf(environment),
    needs: [],
    rules: [{ if: ON_MAIN, when: 'manual', allow_failure: true }],
    variables: { SERVICE: '', TO: '' },
    ...tokensOf(environment, 'engine'),
    script: [
      '[ -n "$SERVICE" ] || { echo "Run this job with the variable SERVICE, the service to roll back"; exit 1; }',
      ...requireCosign(environment),
      ...access(environment),
      ...installTools(environment, false),
      rollbackScript(environment),
    ],
  };
}

/** Fails before anything is built, instead of when the first image is to be verified: no package of Debian 12 brings cosign. */
function requireCosign({ name, verifies = false }: PipelineEnvironment): string[] {
  if (!verifies) return [];
  return [
    `command -v cosign >/dev/null || { echo "cosign is not in the image of .micro: environments/${name}.yml demands signed images (verify). Use an image that has it, or install it in before_script of .micro, which is yours once you remove its first line"; exit 1; }`,
  ];
}

function access(environment: PipelineEnvironment): string[] {
  return [...(environment.engine === 'ecs' ? [TAKE_AWS_ROLE] : []), accessScript(environment)];
}

/** Tokens of the job: AWS gives a role for one, and cosign signs without a key with one. */
function tokensOf({ engine, issuer }: PipelineEnvironment, of: 'all' | 'engine' = 'all'): Job {
  const tokens = {
    ...(engine === 'ecs' ? { AWS_ID_TOKEN: { aud: '$CI_SERVER_URL' } } : {}),
    ...(issuer === undefined || of === 'engine' ? {} : { SIGSTORE_ID_TOKEN: { aud: 'sigstore' } }),
  };
  return Object.keys(tokens).length > 0 ? { id_tokens: tokens } : {};
}

/** One job at a time. */
function placeOf({ name, url }: PipelineEnvironment): Job {
  return {
    extends: '.micro',
    stage: 'deploy',
    environment: url === undefined ? { name } : { name, url },
    resource_group: name,
  };
}
