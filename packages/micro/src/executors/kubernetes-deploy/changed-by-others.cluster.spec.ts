import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { processRunner } from '../../effects/process';
import { atMoment } from '../../testing/at-moment';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

describeCluster('a deploy after somebody else', () => {
  let workspace: ClusterWorkspace;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    process.env['CLUSTER_SPEC_KEY'] = 'first';
    const secrets = { API_KEY: { environment: 'CLUSTER_SPEC_KEY' } };
    workspace.addService('orders', 3001, { here: { secrets } });
    workspace.push('orders', 'one');
    expect((await workspace.deploy()).failures).toEqual({});
  });
  afterAll(() => {
    delete process.env['CLUSTER_SPEC_KEY'];
    workspace.remove();
  });

  const kubectl = (...args: string[]) => workspace.kubectl(...args);
  const of = (object: string, path: string) =>
    kubectl('get', object, '--output', `jsonpath={${path}}`);
  const patch = (object: string, change: object) =>
    kubectl('patch', object, '--type=strategic', '--patch', JSON.stringify(change));
  const container = (change: object) => ({
    spec: { template: { spec: { containers: [{ name: 'orders', ...change }] } } },
  });
  const secret = () =>
    kubectl('get', 'secrets', '--output', 'name')
      .split('\n')
      .find((name) => name.startsWith('secret/orders-'))!;

  const heals = async () => {
    const { failures, output } = await workspace.deploy();
    expect(failures, output).toEqual({});
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
    await workspace.settled();
    const before = workspace.versions();
    expect((await workspace.deploy()).output).toContain('up to date');
    expect(workspace.versions()).toEqual(before);
  };

  it.each([
    'service/orders',
    'serviceaccount/orders',
    'networkpolicy/orders',
    'deployment/orders',
    'configmap/orders-releases',
  ])('deleted the %s makes it again, as the plan says', async (object) => {
    kubectl('delete', object);
    const { output } = await workspace.deploy(undefined, { plan: true });
    expect(output).not.toContain('up to date');
    expect(output).not.toContain('nothing changed');
    await heals();
    expect(kubectl('get', object, '--output', 'name')).toBeTruthy();
  });

  it.each<[string, () => void, RegExp]>([
    [
      'the image',
      () => void kubectl('set', 'image', 'deployment/orders', 'orders=nobody/knows:1'),
      /another image|containers\[orders\]\.image/,
    ],
    [
      'a variable that is declared',
      () => void kubectl('set', 'env', 'deployment/orders', 'PORT=3002'),
      /env\[PORT\]/,
    ],
    [
      'the port of the Service',
      () => patch('service/orders', { spec: { ports: [{ port: 3001, targetPort: 9 }] } }),
      /Service: changed in the cluster: spec\.ports/,
    ],
    [
      'who may call it',
      () =>
        void kubectl(
          ...['patch', 'networkpolicy/orders', '--type=json', '--patch'],
          '[{"op":"add","path":"/spec/ingress","value":[{}]}]',
        ),
      /NetworkPolicy: changed in the cluster: spec\.ingress/,
    ],
    [
      'a value into a reference',
      () =>
        void patch(
          'deployment/orders',
          container({
            env: [
              {
                name: 'PORT',
                value: null,
                valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
              },
            ],
          }),
        ),
      /env\[PORT\]/,
    ],
    [
      'a probe into another kind of probe',
      () =>
        void patch(
          'deployment/orders',
          container({ readinessProbe: { httpGet: null, exec: { command: ['true'] } } }),
        ),
      /readinessProbe\.httpGet/,
    ],
  ])('changed %s takes it back, as the plan says', async (_, change, said) => {
    const images = workspace.served('orders');
    change();
    const { output } = await workspace.deploy(undefined, { plan: true });
    expect(output).toMatch(said);
    await heals();
    expect(workspace.served('orders')).toEqual(images);
    expect(await workspace.deploy(undefined, { plan: true })).toMatchObject({
      output: expect.stringContaining('nothing changed') as string,
    });
  });

  it('added something that is not declared leaves it to them', async () => {
    kubectl('annotate', 'service/orders', 'example.com/team=blue');
    kubectl('set', 'env', 'deployment/orders', 'EXTRA=yes');
    const env = () => of('deployment/orders', '.spec.template.spec.containers[0].env[*].name');
    expect(env()).toContain('EXTRA');
    workspace.push('orders', 'two');
    await heals();
    expect(env()).toContain('EXTRA');
    expect(of('service/orders', '.metadata.annotations.example\\.com/team')).toBe('blue');
    kubectl('set', 'env', 'deployment/orders', 'EXTRA-');
  });

  const meanwhile = (then: () => void) =>
    atMoment(processRunner(workspace.root), { when: 'before', command: / get .*pods/ }, then);

  it('deleted the Deployment in the middle of a roll says so at once, and the release before serves', async () => {
    const served = workspace.served('orders');
    workspace.push('orders', 'three');
    const runner = meanwhile(() => void kubectl('delete', 'deployment/orders'));
    const { failures } = await workspace.deploy(undefined, {}, { runner });
    expect(failures['orders']).toContain('somebody deleted the Deployment orders meanwhile');
    expect(failures['orders']).toMatch(/orders runs r\d+ as before/);
    expect(workspace.served('orders')).toEqual(served);
    await heals();
  });

  it('paused the rollout says so at once, with the command that goes on', async () => {
    const served = workspace.served('orders');
    workspace.push('orders', 'four');
    kubectl('rollout', 'pause', 'deployment/orders');
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toContain(
      'somebody paused its rollout: kubectl rollout resume deployment/orders',
    );
    expect(failures['orders']).toMatch(/orders runs r\d+ as before/);
    expect(workspace.served('orders')).toEqual(served);
    kubectl('rollout', 'resume', 'deployment/orders');
    await heals();
  });

  it('deleted the Secret that new pods need says so, and the next run makes it again', async () => {
    process.env['CLUSTER_SPEC_KEY'] = 'second';
    const served = workspace.served('orders');
    const before = secret();
    const runner = atMoment(
      processRunner(workspace.root),
      { when: 'after', command: / apply /, nth: 1 },
      () => {
        const names = kubectl('get', 'secrets', '--output', 'name').split('\n');
        const [added] = names.filter(
          (name) => name.startsWith('secret/orders-') && name !== before,
        );
        kubectl('delete', added!);
      },
    );
    const { failures } = await workspace.deploy(undefined, {}, { runner });
    expect(failures['orders']).toMatch(/^orders: .*secret "orders-\w+" not found/);
    expect(failures['orders']).toMatch(/orders runs r\d+ as before/);
    expect(workspace.served('orders')).toEqual(served);
    await heals();
  });
});
