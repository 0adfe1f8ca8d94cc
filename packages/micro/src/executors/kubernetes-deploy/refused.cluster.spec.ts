import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { atMoment } from '../../testing/at-moment';
import { ClusterUser } from '../../testing/cluster-user';
import { ClusterWorkspace } from '../../testing/cluster-workspace';
import { processRunner } from '../../effects/process';

const ENVIRONMENT = 'environments/cluster.yml';

describeCluster('a deploy that the cluster refuses', () => {
  let workspace: ClusterWorkspace;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001);
    workspace.push('orders', 'one');
    workspace.push('gateway', 'one');
    expect((await workspace.deploy()).failures).toEqual({});
  });
  afterAll(() => workspace.remove());

  const quota = (hard: string) => workspace.kubectl('create', 'quota', 'small', `--hard=${hard}`);
  const noQuota = () => workspace.kubectl('delete', 'quota', 'small');
  const objects = (kinds: string, entry: string) =>
    workspace.kubectl(
      ...['get', kinds, '--output', 'name'],
      ...['--selector', `app.kubernetes.io/name=${entry}`],
    );

  /** The next run writes what is left to do, and the one after it nothing. */
  const heals = async () => {
    expect((await workspace.deploy()).failures).toEqual({});
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
    await workspace.settled();
    const before = workspace.versions();
    expect((await workspace.deploy()).output).toContain('up to date');
    expect(workspace.versions()).toEqual(before);
  };

  it('because a quota of pods is reached says so, and the old version goes on', async () => {
    const served = workspace.served('orders');
    quota('pods=1');
    workspace.push('orders', 'two');
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toMatch(/^orders: no pod may start: .* exceeded quota: small/);
    expect(failures['orders']).toContain('orders runs r1 as before');
    expect(workspace.served('orders')).toEqual(served);
    noQuota();
    await heals();
  });

  it('because a quota of objects is reached makes none of a new service', async () => {
    workspace.addService('gateway', 3000, { manifest: 'consumes: [orders]\n' });
    workspace.push('orders', 'three');
    quota('count/services=1');
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toBeUndefined();
    expect(failures['gateway']).toMatch(
      /a quota of the namespace spec-\w+ is used up \(.*exceeded quota: small.*\)\. Free some/,
    );
    expect(failures['gateway']).toContain(
      'gateway did not run before, so its objects were removed',
    );
    await expect
      .poll(() => objects('deployments,services,networkpolicies,pods', 'gateway'), {
        timeout: 60_000,
      })
      .toBe('');
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
    noQuota();
    await heals();
  });

  it('because a quota leaves no room for its migration changes nothing, and leaves no Job', async () => {
    const served = workspace.served('orders');
    workspace.edit('apps/orders/compose.yaml', (text) =>
      text
        .replace('    image: orders:local\n', '    build: .\n')
        .concat(
          '    depends_on: { orders-migrate: { condition: service_completed_successfully } }\n',
          '  orders-migrate: { build: ., command: [node, -e, "console.log(1)"] }\n',
        ),
    );
    workspace.push('orders', 'four');
    quota('pods=2');
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toMatch(
      /^orders-migrate: no pod may start: .*exceeded quota: small/,
    );
    expect(failures['orders']).toContain('orders was not changed');
    expect(objects('jobs', 'orders-migrate')).toBe('');
    expect(workspace.served('orders')).toEqual(served);
    noQuota();
    const { output } = await workspace.deploy();
    expect(output).toContain('orders  ran  orders-migrate');
    await heals();
  });

  it('because the image of its migration cannot be pulled leaves no Job that starts later', async () => {
    const image = `${workspace.cluster.registry}/${workspace.platform}/orders:k-none`;
    workspace.pushed('orders', { key: 'f'.repeat(64), image, digest: `sha256:${'0'.repeat(64)}` });
    const { failures } = await workspace.deploy(['orders']);
    expect(failures['orders']).toMatch(/^orders-migrate: .* cannot be pulled: .*not found/);
    expect(failures['orders']).toContain('orders was not changed');
    expect(objects('jobs', 'orders-migrate').split('\n')).toHaveLength(1);
    workspace.push('orders', 'four');
    await heals();
  });

  it('because its namespace is missing, or its context, says what to do', async () => {
    const { context } = workspace.cluster;
    const set = (key: string, value: string) =>
      workspace.edit(ENVIRONMENT, (text) =>
        text.replace(new RegExp(`^${key}: .*$`, 'm'), `${key}: ${value}`),
      );
    set('namespace', 'nobody-made-it');
    await expect(workspace.deploy()).rejects.toThrow(
      `there is no namespace nobody-made-it: kubectl --context ${context} create namespace nobody-made-it`,
    );
    set('namespace', workspace.namespace);
    set('context', 'nobody-has-it');
    await expect(workspace.deploy()).rejects.toThrow(
      /^Could not .*: there is no kubectl context "nobody-has-it", which environments\/cluster\.yml names/,
    );
    set('context', context);
    await heals();
  });

  it('because the user may not write one kind writes nothing of that service', async () => {
    const user = new ClusterUser(workspace, 'deployer');
    const runner = user.runner();
    workspace.push('orders', 'five');
    expect((await workspace.deploy(undefined, {}, { runner })).failures).toEqual({});
    await heals();

    user.allow(({ resource }, verb) => resource !== 'networkpolicies' || verb === 'list');
    workspace.addService('users', 3002);
    workspace.push('users', 'one');
    const { failures } = await workspace.deploy(undefined, {}, { runner });
    expect(failures).toEqual({
      users: expect.stringContaining(
        'users was not changed: the user of the context ' +
          `${workspace.cluster.context} may not create, patch networkpolicies.networking.k8s.io`,
      ) as string,
    });
    expect(objects('deployments,services,serviceaccounts,configmaps', 'users')).toBe('');

    user.allow(({ resource }) => resource !== 'networkpolicies');
    await expect(workspace.deploy(undefined, {}, { runner })).rejects.toThrow(
      /may not do this \(networkpolicies.* cannot list resource .*Ask for a Role in the namespace/,
    );
    user.allow(() => true);
    expect((await workspace.deploy(undefined, {}, { runner })).failures).toEqual({});
    await heals();
  });

  it('because its credentials are revoked says so, also in the middle of it', async () => {
    const served = workspace.served('orders');
    const user = new ClusterUser(workspace, 'leaver');
    const revoke = () => void workspace.kubectl('delete', 'serviceaccount', user.name);
    workspace.push('orders', 'six');
    workspace.set('orders', { environment: { NEVER_READY: 'yes' } });
    const runner = atMoment(user.runner(), { when: 'before', command: / get .*pods/ }, revoke);
    const { failures } = await workspace.deploy(['orders'], {}, { runner });
    expect(failures['orders']).toMatch(
      /does not accept these credentials .*Log in again.*\norders could not be taken back: /s,
    );
    expect(workspace.served('orders')).toEqual(expect.arrayContaining(served));
    await expect(workspace.deploy(['orders'], {}, { runner })).rejects.toThrow(
      'does not accept these credentials',
    );
    workspace.set('orders', {});
    await heals();
  });

  it('because its namespace is being deleted says so, also in the middle of it', async () => {
    const { cluster } = workspace;
    const doomed = new ClusterWorkspace(cluster);
    try {
      doomed.addService('orders', 3001);
      doomed.push('orders', 'one');
      // Keeps the namespace from being gone.
      doomed.apply({
        ...{ apiVersion: 'v1', kind: 'ConfigMap' },
        metadata: { name: 'held', finalizers: ['example.com/held'] },
      });
      const runner = atMoment(
        processRunner(doomed.root),
        { when: 'before', command: / get .*pods/ },
        () => void doomed.kubectl('delete', 'namespace', doomed.namespace, '--wait=false'),
      );
      const { failures } = await doomed.deploy(undefined, {}, { runner });
      expect(failures['orders']).toContain(`the namespace ${doomed.namespace} is being deleted`);
      await expect(doomed.deploy()).rejects.toThrow(
        `the namespace ${doomed.namespace} is being deleted: wait until it is gone, create it again`,
      );
      const noFinalizers = JSON.stringify({ metadata: { finalizers: null } });
      doomed.kubectl('patch', 'configmap', 'held', '--type=merge', '--patch', noFinalizers);
      doomed.kubectl(
        ...['wait', '--for=delete', `namespace/${doomed.namespace}`, '--timeout=120s'],
      );
      doomed.kubectl('create', 'namespace', doomed.namespace);
      expect((await doomed.deploy()).failures).toEqual({});
      expect(doomed.served('orders')).toEqual([doomed.image('orders')]);
    } finally {
      doomed.remove();
    }
  });
});
