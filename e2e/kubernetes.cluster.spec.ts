import { isAbsolute, dirname, delimiter } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { mustEnd, startChild } from '../tools/testing/child.js';
import { describeCluster } from '../tools/testing/describe-cluster.js';
import {
  EXAMPLE_SERVICES,
  generateArguments,
  writeExampleCode,
} from '../tools/testing/example/example.js';
import { startNpmRegistry, type NpmRegistry } from '../tools/testing/npm-registry.js';
import { removePlatform } from '../tools/testing/remove-platform.js';
import { userEnvironment } from '../tools/testing/user-environment.js';
import { createWorkspace, type Workspace } from '../tools/testing/workspace.js';

/** What a person types, from `nx add @org/micro` to a platform that runs on a cluster. */
describeCluster('a generated platform on a cluster', () => {
  let cluster: NonNullable<ReturnType<typeof inject<'cluster'>>>;
  let npm: NpmRegistry;
  let workspace: Workspace;
  let namespace: string;

  const ask = (...args: string[]) =>
    mustRun(cluster.kubectl, [
      ...['--kubeconfig', cluster.kubeconfig, '--namespace', namespace],
      ...args,
    ]);
  const affected = async () => {
    if ((await workspace.git('status', '--porcelain')) !== '') await workspace.commit('A change');
    const range = ['--base=HEAD~1', '--head=HEAD'];
    const args = ['affected', '-t', 'kubernetes-deploy', '-c', 'production', ...range];
    return stripVTControlCharacters(await workspace.nx(...args));
  };
  const micro = (...args: string[]) =>
    mustEnd(startChild('npx', ['micro', ...args], { cwd: workspace.root, env: userEnvironment() }));
  /** What the gateway answers to its own pod, which needs all three services. Nobody else may reach it. */
  const callShop = async () =>
    JSON.parse(
      await ask(
        ...['exec', 'deployment/gateway', '--', 'node', '--eval'],
        `fetch('http://127.0.0.1:' + process.env.PORT + '/shop')
           .then((answer) => answer.text()).then(console.log)`,
      ),
    ) as { members: string[] };
  /** A pod that ends goes on serving for a moment, also connections that the gateway has. */
  const showsMembers = (members: string[]) =>
    expect.poll(async () => (await callShop()).members, { timeout: 60_000 }).toEqual(members);
  /** The version of each object but the Lease, which every deploy that has something to do takes. */
  const versions = async () => {
    const kinds = 'deployments,services,serviceaccounts,networkpolicies,configmaps,secrets,pods';
    const format =
      '{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
    const ours = ['--selector', `app.kubernetes.io/part-of=${workspace.name}`];
    const text = await ask('get', kinds, ...ours, '--output', `jsonpath=${format}`);
    return text.trim().split('\n').sort();
  };

  beforeAll(async () => {
    cluster = inject('cluster')!;
    const { kubeconfig, kubectl } = cluster;
    process.env['KUBECONFIG'] = kubeconfig;
    if (isAbsolute(kubectl)) {
      process.env['PATH'] = [dirname(kubectl), process.env['PATH']].join(delimiter);
    }
    npm = await startNpmRegistry();
    workspace = await createWorkspace('e2e');
    namespace = `${workspace.name}-production`;
    await workspace.write('.npmrc', `${npm.npmrc}audit=false\nfund=false\n`);
    await workspace.npm('install', '--prefer-offline');
    await workspace.nx('add', '@org/micro');
    await workspace.commit('An Nx workspace with @org/micro');
    for (const service of EXAMPLE_SERVICES) {
      await workspace.nx(...generateArguments(service), '--skipInstall');
    }
    await writeExampleCode(workspace);
    await workspace.npm('install');
    await ask('create', 'namespace', namespace);
    await ask('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  });

  afterAll(async () => {
    await ask('delete', 'namespace', namespace, '--wait=false');
    await removePlatform(workspace.name, [], cluster.registry);
    await workspace.remove();
    await npm.stop();
  });

  it('has a production environment for the cluster, in place of the one of init', async () => {
    await workspace.nx(
      ...['g', '@org/micro:environment', 'production', '--engine=kubernetes'],
      ...[`--context=${cluster.context}`, `--registry=${cluster.registry}`],
    );
    expect(await workspace.read('environments/production.yml')).toContain('engine: kubernetes\n');
    await workspace.nx('sync');
    await workspace.nx('sync:check');
    await workspace.commit('A workspace');
  });

  it('is deployed by nx affected, all services with one plan', async () => {
    const output = await affected();
    for (const service of EXAMPLE_SERVICES) {
      expect(output).toMatch(new RegExp(`create +${service} `));
    }
    expect(output.match(/plan for production /g)).toHaveLength(1);
    expect(output).toMatch(/production +done +3 created/);
    await showsMembers(['Ada', 'Grace']);
  });

  it('writes nothing if nothing changed', async () => {
    const before = await versions();
    const output = await workspace.nx('run-many', '-t', 'kubernetes-deploy', '-c', 'production');
    expect(stripVTControlCharacters(output)).toMatch(/production +up to date +3 kept/);
    expect(await versions()).toEqual(before);
  });

  it('changes only the objects of the service that changed', async () => {
    const before = await versions();
    await workspace.edit('apps/users/src/routes/users.ts', "'Grace'", "'Grace Hopper'");
    await affected();
    await showsMembers(['Ada', 'Grace Hopper']);
    const after = await versions();
    const changed = after
      .filter((line) => !before.includes(line))
      .map((line) => line.split(' ')[0]!);
    expect(changed.filter((name) => !name.startsWith('Pod/users-'))).toEqual([
      'ConfigMap/users-releases',
      'Deployment/users',
    ]);
  });

  it('is shown by micro status and micro logs', async () => {
    const status = await micro('status', '-e', 'production', '--check');
    expect(status).toContain('everything is up to date');
    for (const service of EXAMPLE_SERVICES) expect(status).toMatch(new RegExp(`✓ +${service} `));
    const logs = await micro('logs', 'users', '-e', 'production');
    expect(logs).toMatch(/users +info/);
    expect(logs).not.toMatch(/orders +info/);
    const difference = await micro('diff', 'staging', 'production');
    expect(difference).toMatch(/engine +compose +kubernetes/);
  });

  it('goes back by kubernetes-rollback', async () => {
    const output = await workspace.nx('kubernetes-rollback', 'users', '-c', 'production');
    expect(output).toContain('back to r1 from r2');
    await showsMembers(['Ada', 'Grace']);
  });
});
