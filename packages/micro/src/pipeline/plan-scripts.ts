import type { PipelineEnvironment } from './pipeline-facts';
import { baseFile, knowsAws, sinceBase } from './scripts';

/** The job that shows what merging a pull request would change in an environment. */
export function planJobName(environment: string): string {
  return `plan-${environment}`;
}

/**
 * The environment that a plan's job has at the provider. It is not the one that is deployed to: who opens a pull request
 * chooses what its jobs run, so they get secrets of their own.
 */
export function planEnvironment({ name }: Pick<PipelineEnvironment, 'name'>): string {
  return `${name}-plan`;
}

/** The plan in Markdown, for people. */
export function planFile({ name }: Pick<PipelineEnvironment, 'name'>): string {
  return `${baseFile(planJobName(name))}.md`;
}

/** Whether a plan needs cosign: it verifies the images that were pushed before, but that of Compose none. */
export function planVerifies({ engine, verifies = false }: PipelineEnvironment): boolean {
  return verifies && engine !== 'compose';
}

/** How many characters all plans of a pull request may have together; a comment of GitHub has room for 65,536. */
const ROOM = 60_000;

/**
 * Plans the deploy of what a pull request changes, pushes nothing, and writes the plan into {@link planFile}. Without the
 * secrets that it needs, the file says so. Only lines of the plan get there: a log may hold anything.
 *
 * @param base a variable with the commit that the pull request is compared with.
 * @param shared how many plans share the room of a comment.
 */
export function planScript(
  environment: PipelineEnvironment,
  base: string,
  shared: number,
  after: readonly string[],
): string {
  const { name, engine } = environment;
  const options = `-t ${engine}-deploy -c ${name} --plan --allowOlder`;
  const log = baseFile(`${planJobName(name)}.log`);
  const lines = baseFile(`${planJobName(name)}.txt`);
  const file = planFile(environment);
  const place = `\\\`${planEnvironment(environment)}\\\``;
  return [
    `mkdir -p ${baseFile('')}`,
    'missing=',
    ...checkSecrets(environment),
    ...(engine === 'ecs' ? [] : CHECK_DOTENV),
    // Compose reads all entries of all services. A cluster needs what its own services read.
    ...(engine === 'compose' ? ['[ -z "$missing" ] || check_dotenv'] : []),
    'status=0',
    `: > ${log}`,
    'if [ -z "$missing" ]; then',
    `  base="$${base}"`,
    // Grouped, the log of GitHub has no place for the plan of several services.
    '  export NX_SKIP_LOG_GROUPING=true',
    '  {',
    ...sinceBase([`npx nx affected --base="$base" ${options}`], [`npx nx run-many ${options}`]).map(
      (line) => `    ${line}`,
    ),
    `  } > ${log} 2>&1 || status=$?`,
    `  cat ${log}`,
    ...(engine === 'ecs' ? [] : ['  [ "$status" = 0 ] || check_dotenv']),
    '  [ -z "$missing" ] || status=0',
    'fi',
    // A plan ends at the first line that is not indented.
    `sed 's/\\x1b\\[[0-9;]*m//g' ${log} | awk '/^plan for /{on=1} !/^(plan for |  )/{on=0} on' > ${lines}`,
    '{',
    `  echo '### Plan for ${name}'`,
    '  echo',
    '  if [ -n "$missing" ]; then',
    `    echo "No plan. The environment ${place} lacks these secrets:$missing"`,
    `  elif [ -s ${lines} ]; then`,
    `    echo '~~~~'`,
    `    head -c ${Math.floor(ROOM / shared)} ${lines}`,
    `    echo`,
    `    echo '~~~~'`,
    '  elif [ "$status" = 0 ]; then',
    `    echo 'Nothing to deploy: no service changed.'`,
    '  fi',
    '  if [ "$status" != 0 ]; then',
    '    echo',
    `    echo 'The plan failed: the log of the job says why.'`,
    '  fi',
    `} > ${file}`,
    ...after,
    'exit "$status"',
    '',
  ].join('\n');
}

const CHECK_DOTENV = [
  'check_dotenv() {',
  `  lacks=$(npx micro env --check 2>/dev/null | sed -n 's/^\\.env lacks //p' || true)`,
  '  [ -z "$lacks" ] || missing="$missing DOTENV (with the variables $lacks)"',
  '}',
];

/** Collects the secrets without which nobody reaches the engine, or knows what services are given. */
function checkSecrets(environment: PipelineEnvironment): string[] {
  const { engine, host, variables } = environment;
  const check = (file: string, secret: string) => `[ -f ${file} ] || missing="$missing ${secret}"`;
  return [
    ...(engine === 'kubernetes' ? [check('~/.kube/config', 'KUBE_CONFIG')] : []),
    ...(engine === 'ecs'
      ? [
          `${knowsAws(environment)} || missing="$missing AWS_ROLE_ARN (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"`,
        ]
      : []),
    ...(host?.startsWith('ssh://') ? [check('~/.ssh/deploy', 'SSH_PRIVATE_KEY')] : []),
    ...variables.map((name) => `[ -n "$${name}" ] || missing="$missing ${name}"`),
  ];
}

/** The first line of the comment, by which the next run finds it. */
const MARK = '<!-- The plan of a pipeline of @org/micro -->';

/** How a provider is told a comment, in words of the program below. */
interface CommentApi {
  /** Defines `plans`, the `headers` of a request, the address of all `comments`, and `isOwn` of one of them. */
  start: string;
  update: 'PATCH' | 'PUT';
  /** The address of the comment `own`. */
  own: string;
}

/** It is a program for Node, which each runner and image has. */
function commentScript({ start, update, own }: CommentApi): string {
  return `node --input-type=module <<'END'
${start}
const ask = async (method, address, content) => {
  const answer = await fetch(address, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: content && JSON.stringify(content),
  });
  if (!answer.ok) throw new Error(\`\${method} \${address}: \${answer.status} \${await answer.text()}\`);
  return answer.json();
};
const find = async (page, isOwn) => {
  const known = await ask('GET', \`\${comments}?per_page=100&page=\${page}\`);
  const own = known.find((one) => isOwn(one) && one.body?.startsWith('${MARK}'));
  return own ?? (known.length < 100 ? undefined : find(page + 1, isOwn));
};
if (plans.length > 0) {
  const own = await find(1, await isOwn());
  const body = ['${MARK}', ...plans].join('\\n\\n');
  if (own) await ask('${update}', \`${own}\`, { body });
  else await ask('POST', comments, { body });
}
END
`;
}

/**
 * Writes the plans that it is given as `$PLAN_1`, `$PLAN_2` and so on into one comment of a pull request of GitHub, which
 * the next run updates.
 */
export function githubCommentScript(plans: number): string {
  const names = Array.from({ length: plans }, (_, at) => `PLAN_${at + 1}`);
  return commentScript({
    start: `const { GITHUB_API_URL, GITHUB_REPOSITORY, NUMBER, TOKEN } = process.env;
const plans = ${JSON.stringify(names)}.map((name) => process.env[name]).filter(Boolean);
const headers = { accept: 'application/vnd.github+json', authorization: \`Bearer \${TOKEN}\` };
const issues = \`\${GITHUB_API_URL}/repos/\${GITHUB_REPOSITORY}/issues\`;
const comments = \`\${issues}/\${NUMBER}/comments\`;
const isOwn = () => ({ user }) => user?.login === 'github-actions[bot]';`,
    update: 'PATCH',
    own: '${issues}/comments/${own.id}',
  });
}

/** The token with which GitLab takes comments; `CI_JOB_TOKEN` may not write any. */
export const COMMENT_TOKEN = 'PLAN_COMMENT_TOKEN';

/** The environment whose variables only the job has that writes the comment. */
export const COMMENT_ENVIRONMENT = 'plan-comment';

/** Writes the plans that other jobs left as files into one comment of a merge request of GitLab, if there is a token for it. */
export function gitlabCommentScript(environments: readonly PipelineEnvironment[]): string {
  return commentScript({
    start: `import { existsSync, readFileSync } from 'node:fs';
const { CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, ${COMMENT_TOKEN} } = process.env;
if (!${COMMENT_TOKEN}) console.log('No comment: the environment ${COMMENT_ENVIRONMENT} has no ${COMMENT_TOKEN}');
const files = ${JSON.stringify(environments.map(planFile))}.filter((file) => ${COMMENT_TOKEN} && existsSync(file));
const plans = files.map((file) => readFileSync(file, 'utf8'));
const headers = { 'private-token': ${COMMENT_TOKEN} };
const comments = \`\${CI_API_V4_URL}/projects/\${CI_PROJECT_ID}/merge_requests/\${CI_MERGE_REQUEST_IID}/notes\`;
const isOwn = async () => {
  const { id } = await ask('GET', \`\${CI_API_V4_URL}/user\`);
  return ({ author }) => author?.id === id;
};`,
    update: 'PUT',
    own: '${comments}/${own.id}',
  });
}
