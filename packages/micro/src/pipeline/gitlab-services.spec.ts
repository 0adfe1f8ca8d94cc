import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { fileReader } from '../effects/files';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { gitlabPipeline } from './gitlab-pipeline';
import { serviceJobs } from './gitlab-services';
import type { PipelineEnvironment } from './pipeline-facts';

/** The child pipeline that `affected` writes in a workspace whose history does not know the base. */
function childOf(services: string, pipeline = '') {
  const root = temporaryWorkspace({
    'bin/npx': `#!/bin/sh\necho "$*" >> calls\necho '${services}'\n`,
    '.gitlab-ci.yml': pipeline,
  });
  chmodSync(join(root, 'bin/npx'), 0o755);
  const PATH = `${join(root, 'bin')}${delimiter}${process.env['PATH']}`;
  const { script, artifacts } = serviceJobs(false)['affected'] as {
    script: string[];
    artifacts: { paths: [string] };
  };
  const env = { PATH, CI_MERGE_REQUEST_DIFF_BASE_SHA: 'unknown' };
  // The image of a job may have no other shell.
  const { status, stdout } = spawnSync('sh', ['-e', '-c', script.join('\n')], {
    ...{ cwd: root, env, encoding: 'utf8' },
  });
  const read = fileReader(root);
  const text = read(artifacts.paths[0]) ?? '';
  expect({ status, stdout }).toEqual({ status: 0, stdout: text });
  expect(read('calls')).toBe('nx show projects --with-target docker-build --sep  \n');
  return parse(text) as Record<string, unknown>;
}

const INCLUDE = [{ local: '.gitlab-ci.yml' }];

it('gives each service that changed a job of the child pipeline', () => {
  const job = (SERVICE: string) => ({ extends: '.micro-service', variables: { SERVICE } });
  expect(childOf('orders @acme/users')).toEqual({
    include: INCLUDE,
    'service (orders)': job('orders'),
    'service (@acme/users)': job('@acme/users'),
  });
});

it('has a job that says so if no service changed, since GitLab fails a pipeline without jobs', () => {
  expect(childOf('')).toEqual({
    include: INCLUDE,
    'no service changed': {
      ...{ extends: '.micro', stage: 'test', rules: [{ when: 'always' }] },
      ...{ services: [], variables: { GIT_STRATEGY: 'none' }, before_script: [] },
      script: ["echo 'No service changed'"],
    },
  });
});

it('starts the child also if a person decides which pipelines there are', () => {
  const workflow = 'workflow:\n  rules: [{ if: $CI_PIPELINE_SOURCE == "merge_request_event" }]\n';
  expect(childOf('orders', workflow)).toHaveProperty('workflow', { rules: [{ when: 'always' }] });
});

it('has rules that keep all other jobs out of the child, which includes their file', () => {
  const environment = (name: string): PipelineEnvironment => ({
    ...{ name, engine: 'compose', variables: [] },
  });
  const jobs = gitlabPipeline({
    mainBranch: 'main',
    node: { version: '24' },
    packageManager: { kind: 'npm' },
    nx: 'node_modules/.bin/nx',
    choices: { scans: true, plans: ['staging'], matrix: true },
    environments: [environment('staging'), environment('production')],
  }) as Record<string, { rules?: { if?: string }[] }>;
  const visible = Object.entries(jobs).filter(([name]) => !name.startsWith('.'));
  expect(visible.map(([name]) => name)).toEqual([
    ...['check', 'affected', 'service', 'plan-staging', 'comment-plan'],
    ...['deploy-staging', 'deploy-production', 'rollback-staging', 'rollback-production'],
  ]);
  for (const [, { rules = [{}] }] of visible) {
    for (const rule of rules) {
      // The source of a child is parent_pipeline, and that of a merge request has no branch.
      expect(rule.if).toMatch(
        /^\$CI_PIPELINE_SOURCE == "merge_request_event"|^\$CI_COMMIT_BRANCH == /,
      );
    }
  }
});
