import { execFile, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileReader } from '../effects/files';
import { temporaryWorkspace, writeFiles } from '../testing/temporary-workspace';
import type { PipelineEnvironment } from './pipeline-facts';
import { githubCommentScript, gitlabCommentScript, planFile, planScript } from './plan-scripts';

const ENVIRONMENT: PipelineEnvironment = {
  name: 'staging',
  engine: 'compose',
  variables: ['USERS_API_KEY'],
};
const PLAN = 'plan for staging\n  update   users  its image changed';

interface Answer {
  says: string;
  exitCode?: number;
}

/** Runs the script as GitHub runs steps, with an `npx` that answers for `micro env --check` and for Nx. */
function run(
  env: Answer,
  nx: Answer,
  variables: Record<string, string> = { USERS_API_KEY: 'key' },
  environment = ENVIRONMENT,
) {
  const root = temporaryWorkspace({
    'bin/npx': `#!/bin/sh
echo "$*" >> calls
case "$*" in
  "micro env --check") cat env; exit ${env.exitCode ?? 0} ;;
  "nx "*) cat nx; exit ${nx.exitCode ?? 0} ;;
esac
`,
    'bin/aws': '#!/bin/sh\n[ -n "$AWS_ACCESS_KEY_ID" ]\n',
    env: `${env.says}\n`,
    nx: `${nx.says}\n`,
  });
  for (const name of ['npx', 'aws']) chmodSync(join(root, 'bin', name), 0o755);
  const { status, stdout } = spawnSync(
    'bash',
    ['-e', '-o', 'pipefail', '-c', planScript(environment, 'PR_BASE', 1, ['echo after'])],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}`,
        HOME: root,
        PR_BASE: '',
        ...variables,
      },
    },
  );
  const read = fileReader(root);
  expect(stdout).toContain('after');
  return {
    status,
    plan: read(planFile(ENVIRONMENT))!.trim(),
    hasPlanned: (read('calls') ?? '').includes('-deploy -c staging --plan'),
  };
}

const COMPLETE = { says: '.env is complete' };
const INCOMPLETE = { says: '.env lacks CACHE_PASSWORD, DATABASE_PASSWORD', exitCode: 1 };

const none = (lacks: string) =>
  `### Plan for staging\n\nNo plan. The environment \`staging-plan\` lacks these secrets: ${lacks}`;

describe('the plan of a pull request', () => {
  it('is what Nx prints of it', () => {
    expect(run(COMPLETE, { says: `a line of Nx\n${PLAN}` })).toEqual({
      status: 0,
      plan: `### Plan for staging\n\n~~~~\n${PLAN}\n\n~~~~`,
      hasPlanned: true,
    });
  });

  it.each<[string, Answer, Record<string, string>, string]>([
    ['a secret of a service', COMPLETE, {}, 'USERS_API_KEY'],
    [
      'that and DOTENV',
      INCOMPLETE,
      {},
      'USERS_API_KEY DOTENV (with the variables CACHE_PASSWORD, DATABASE_PASSWORD)',
    ],
  ])('is not tried without %s, and this is no failure', (_, env, variables, lacks) => {
    expect(run(env, { says: PLAN }, variables)).toEqual({
      status: 0,
      plan: none(lacks),
      hasPlanned: false,
    });
  });

  it('says which variables are missing if it fails without them, and this is no failure', () => {
    const refused = { says: 'required variable CACHE_PASSWORD is missing a value', exitCode: 1 };
    expect(run(INCOMPLETE, refused)).toEqual({
      status: 0,
      plan: none('DOTENV (with the variables CACHE_PASSWORD, DATABASE_PASSWORD)'),
      hasPlanned: true,
    });
  });

  it('is shown if it needs none of the variables that are missing, as for a cluster with managed databases', () => {
    const cluster: PipelineEnvironment = { ...ENVIRONMENT, engine: 'kubernetes', variables: [] };
    const variables = { HOME: temporaryWorkspace({ '.kube/config': '' }) };
    expect(run(INCOMPLETE, { says: PLAN }, variables, cluster)).toMatchObject({
      status: 0,
      plan: expect.stringContaining(PLAN) as string,
    });
    expect(run(INCOMPLETE, { says: PLAN }, {}, cluster).plan).toBe(none('KUBE_CONFIG'));
  });

  it('needs credentials that AWS accepts for an environment on ECS, and no .env', () => {
    const aws: PipelineEnvironment = { ...ENVIRONMENT, engine: 'ecs', variables: [] };
    expect(run(INCOMPLETE, { says: PLAN }, {}, aws)).toEqual({
      status: 0,
      plan: none('AWS_ROLE_ARN (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)'),
      hasPlanned: false,
    });
    const known = { AWS_ACCESS_KEY_ID: 'key' };
    expect(run(INCOMPLETE, { says: PLAN }, known, aws).plan).toContain(PLAN);
    expect(run(INCOMPLETE, { says: 'refused', exitCode: 1 }, known, aws)).toMatchObject({
      ...{ status: 1, plan: expect.stringContaining('The plan failed') as string },
    });
  });

  it('fails if it cannot be made, also if that is why nobody knows what .env lacks', () => {
    const broken = { says: 'apps/users/service.yml:1: port: is missing', exitCode: 1 };
    expect(run(broken, broken)).toEqual({
      status: 1,
      plan: '### Plan for staging\n\n\nThe plan failed: the log of the job says why.',
      hasPlanned: true,
    });
  });
});

interface Comment {
  id: number;
  body: string;
  user?: { login: string };
  author?: { id: number };
}

/** An API with comments of others, which notes what it is asked and takes new comments as those of its caller. */
async function commentApi(authorization: [name: string, value: string], self: Partial<Comment>) {
  const [name, value] = authorization;
  const other = { user: { login: 'grace' }, author: { id: 1 } };
  const comments: Comment[] = Array.from({ length: 100 }, (_, id) => ({
    ...other,
    id,
    // Someone else may have copied it.
    body: `<!-- The plan of a pipeline of @org/micro -->`,
  }));
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    const { method, headers } = request;
    const url = new URL(request.url!, 'http://api');
    asked.push(`${method} ${url.pathname}`);
    let content = '';
    request.on('data', (part: Buffer) => (content += part.toString()));
    request.on('end', () => {
      const isJson = content === '' || headers['content-type'] === 'application/json';
      if (headers[name] !== value || !isJson) return answer.writeHead(401).end('who are you?');
      if (url.pathname === '/user') return answer.end('{ "id": 7 }');
      const { body = '' } = (content ? JSON.parse(content) : {}) as { body?: string };
      if (method === 'POST') comments.push({ id: 700, body, ...self });
      else if (method !== 'GET') comments[comments.length - 1]!.body = body;
      const page = Number(url.searchParams.get('page'));
      return answer.end(JSON.stringify(comments.slice(100 * (page - 1), 100 * page)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { comments, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function comment(script: string, env: NodeJS.ProcessEnv, files: Record<string, string> = {}) {
  const cwd = temporaryWorkspace({});
  writeFiles(cwd, files);
  const options = { cwd, env: { PATH: process.env['PATH'], ...env } };
  return (await promisify(execFile)('bash', ['-e', '-c', script], options)).stdout;
}

describe('the comment with the plans', () => {
  it('is one of GitHub, which the next run updates', async () => {
    const self = { user: { login: 'github-actions[bot]' } };
    const { url, asked, comments } = await commentApi(['authorization', 'Bearer secret'], self);
    const env = { GITHUB_API_URL: url, GITHUB_REPOSITORY: 'acme/shop', NUMBER: '7' };
    const write = (plans: Record<string, string>) =>
      comment(githubCommentScript(2), { ...env, TOKEN: 'secret', ...plans });
    await write({ PLAN_1: 'first `plan`\nwith "two" lines', PLAN_2: 'another' });
    expect(comments[100]!.body).toBe(
      '<!-- The plan of a pipeline of @org/micro -->\n\nfirst `plan`\nwith "two" lines\n\nanother',
    );
    await write({ PLAN_1: '', PLAN_2: 'second' });
    await write({ PLAN_1: '', PLAN_2: '' });
    const looks = Array.from({ length: 2 }, () => 'GET /repos/acme/shop/issues/7/comments');
    expect(asked).toEqual([
      ...[...looks, 'POST /repos/acme/shop/issues/7/comments'],
      ...[...looks, 'PATCH /repos/acme/shop/issues/comments/700'],
    ]);
    expect(comments).toHaveLength(101);
    expect(comments[100]!.body).toMatch(/-->\n\nsecond$/);
  });

  const production: PipelineEnvironment = { ...ENVIRONMENT, name: 'production' };
  const gitlab = (url: string) => ({
    CI_API_V4_URL: url,
    CI_PROJECT_ID: '3',
    CI_MERGE_REQUEST_IID: '7',
  });

  it('is one of GitLab, which the next run updates', async () => {
    const api = await commentApi(['private-token', 'secret'], { author: { id: 7 } });
    const { url, asked, comments } = api;
    const write = (files: Record<string, string>) =>
      comment(
        gitlabCommentScript([ENVIRONMENT, production]),
        { ...gitlab(url), PLAN_COMMENT_TOKEN: 'secret' },
        files,
      );
    await write({ [planFile(ENVIRONMENT)]: 'first `plan`', [planFile(production)]: 'another' });
    expect(comments[100]!.body).toBe(
      '<!-- The plan of a pipeline of @org/micro -->\n\nfirst `plan`\n\nanother',
    );
    // The job of the other one failed before it wrote a plan.
    await write({ [planFile(production)]: 'second' });
    await write({});
    const notes = '/projects/3/merge_requests/7/notes';
    const looks = ['GET /user', `GET ${notes}`, `GET ${notes}`];
    expect(asked).toEqual([...[...looks, `POST ${notes}`], ...[...looks, `PUT ${notes}/700`]]);
    expect(comments).toHaveLength(101);
    expect(comments[100]!.body).toMatch(/-->\n\nsecond$/);
  });

  it('is not written on GitLab without a token', async () => {
    const { url, asked } = await commentApi(['private-token', 'secret'], {});
    const files = { [planFile(ENVIRONMENT)]: 'plan' };
    expect(await comment(gitlabCommentScript([ENVIRONMENT]), gitlab(url), files)).toBe(
      'No comment: the environment plan-comment has no PLAN_COMMENT_TOKEN\n',
    );
    expect(asked).toEqual([]);
  });

  it('fails the job if the API refuses it, without the token in the message', async () => {
    const { url } = await commentApi(['private-token', 'secret'], {});
    const files = { [planFile(ENVIRONMENT)]: 'plan' };
    const env = { ...gitlab(url), PLAN_COMMENT_TOKEN: 'wrong-token' };
    const failed = comment(gitlabCommentScript([ENVIRONMENT]), env, files);
    await expect(failed).rejects.toThrow(`GET ${url}/user: 401 who are you?`);
    await expect(failed).rejects.not.toThrow('wrong-token');
  });
});
