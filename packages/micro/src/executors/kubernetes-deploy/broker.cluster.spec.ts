import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { pushDatastoreImage } from '../../../../../tools/images/datastores/pushed-image';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { deriveRootCompose } from '../../compose/root-compose';
import { deriveServiceCompose } from '../../compose/service-compose';
import { parsePlatform } from '../../platform/platform';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

/** Answers `/publish` and `/steal` as orders, `/received` as mailer, each with its own account. */
const PROGRAM = `
const { createServer } = require('node:http');
const { Connection } = require('rabbitmq-client');
const broker = new Connection(process.env.BROKER_URL);
broker.on('error', (error) => console.error(error.message));
const received = [];
const queue = 'mailer:order.placed';
const publisher = broker.createPublisher({ confirm: true });
if (process.env.ROLE === 'mailer') {
  broker.createConsumer({ queue, queueOptions: { passive: true } }, ({ body }) => {
    received.push(body);
  });
}
const ROUTES = {
  health: async () => 'alive',
  // It goes on connecting after that time.
  ready: () => broker.onConnect(2000, true),
  publish: async (id) => {
    await publisher.send({ exchange: 'events', routingKey: 'order.placed', durable: true }, id);
    return id;
  },
  steal: () => broker.basicGet(queue).then(
    () => 'read it',
    ({ code }) => code,
  ),
  received: async () => received,
};
createServer((request, response) => {
  const [, path, id] = request.url.split('/');
  ROUTES[path](id).then(
    (body) => response.end(JSON.stringify(body ?? null)),
    (error) => response.writeHead(503).end(error.message),
  );
}).listen(Number(process.env.PORT));
process.on('SIGTERM', () => process.exit(0));
`;

const MANIFESTS = {
  orders: 'port: 3001\nbroker: rabbitmq\npublishes: [order.placed]\n',
  mailer: 'port: 3002\nbroker: rabbitmq\nsubscribes: [order.placed]\n',
};

describeCluster('a broker of kubernetes-deploy', () => {
  let workspace: ClusterWorkspace;

  beforeAll(async () => {
    const head = 'broker: in-cluster\nstorage: { size: 1Gi }\n';
    workspace = new ClusterWorkspace(inject('cluster')!, head, '180s');
    const image = await pushDatastoreImage(workspace.cluster.registry, 'rabbitmq');
    const projects = Object.entries(MANIFESTS).map(([name, text]) => ({
      ...{ name, root: `apps/${name}`, file: `apps/${name}/service.yml`, text },
    }));
    const platform = parsePlatform(workspace.platform, projects);
    for (const service of platform.services) {
      const { name, port } = service;
      const manifest = MANIFESTS[name as keyof typeof MANIFESTS].replace(/^port: \d+\n/, '');
      workspace.addService(name, port, { manifest, here: { environment: { ROLE: name } } });
      const derived = deriveServiceCompose(platform, service, undefined, false, undefined, image);
      workspace.write({ [`apps/${name}/compose.yaml`]: derived.text });
      workspace.push(name, 'one', PROGRAM, ['rabbitmq-client']);
    }
    const root = deriveRootCompose(platform, undefined, () => false).text;
    workspace.write({
      'compose.yaml': root.replace(/image: rabbitmq:.*/, `image: ${image}`),
      '.env': 'BROKER_PASSWORD=b\nORDERS_BROKER_PASSWORD=o\nMAILER_BROKER_PASSWORD=m\n',
    });
  });
  afterAll(() => workspace.remove());

  /** By the pod itself: nobody else may reach it. */
  const ask = (service: string, path: string): unknown =>
    JSON.parse(
      workspace.kubectl(
        ...['exec', `deployment/${service}`, '--', 'node', '--eval'],
        `fetch('http://127.0.0.1:' + process.env.PORT + '${path}')
           .then((answer) => answer.text()).then(console.log)`,
      ),
    );
  const isReceived = (id: string) =>
    expect.poll(() => ask('mailer', '/received'), { timeout: 60_000 }).toContain(id);
  const uid = () => workspace.kubectl('get', 'pod', 'broker-0', '-o', 'jsonpath={.metadata.uid}');

  it('starts before the services, whose accounts are made, and delivers an event', async () => {
    const { output, failures } = await workspace.deploy();
    expect(failures, output).toEqual({});
    expect(output).toMatch(/start +broker +needed by (?:orders, mailer|mailer, orders)/);
    expect(output).toContain('cluster  started  broker');
    for (const name of ['orders', 'mailer']) {
      expect(output).toContain(`${name}  ran  ${name}-broker-account`);
    }
    expect(ask('orders', '/publish/first')).toBe('first');
    await isReceived('first');
  });

  it('is left alone by a second deploy, which writes nothing', async () => {
    const before = workspace.versions();
    expect(Object.keys(before)).toContain('StatefulSet/broker');
    expect((await workspace.deploy()).output).toContain('nothing changed');
    expect(workspace.versions()).toEqual(before);
  });

  it('lets a service do what its account may, and nothing else', () => {
    expect(ask('orders', '/steal')).toBe('ACCESS_REFUSED');
    // That policies hold is shown by policies.cluster.spec.ts.
    const policy = workspace.kubectl('get', 'networkpolicy', 'broker', '-o', 'jsonpath={.spec}');
    const names = [...policy.matchAll(/"app\.kubernetes\.io\/name":"([^"]+)"/g)].map(
      ([, one]) => one,
    );
    expect(new Set(names)).toEqual(
      new Set(['broker', 'orders', 'mailer', 'orders-broker-account', 'mailer-broker-account']),
    );
  });

  it('keeps accounts and queues when its pod is replaced', async () => {
    const before = uid();
    workspace.kubectl('delete', 'pod', 'broker-0', '--wait=true');
    await expect.poll(uid, { timeout: 60_000 }).not.toBe(before);
    workspace.kubectl('wait', '--for=condition=Ready', 'pod/broker-0', '--timeout=180s');
    await expect.poll(() => ask('orders', '/publish/second'), { timeout: 60_000 }).toBe('second');
    await isReceived('second');
  });

  it('is not replaced by another entry or password, and accounts are still made', async () => {
    const before = uid();
    workspace.write({
      '.env': 'BROKER_PASSWORD=other\nORDERS_BROKER_PASSWORD=changed\nMAILER_BROKER_PASSWORD=m\n',
    });
    const { output, failures } = await workspace.deploy();
    expect(failures, output).toEqual({});
    expect(output).toMatch(/left +broker +other secrets\. A deploy does not replace a pod/);
    expect(output).toContain('orders  ran  orders-broker-account');
    expect(output).not.toContain('mailer  ran');
    expect(uid()).toBe(before);
    expect(ask('orders', '/publish/third')).toBe('third');
    await isReceived('third');
  });
});

/** They have no jobs, so that the service only has to start after them. */
describeCluster('a broker without accounts of kubernetes-deploy', () => {
  it.each(['nats', 'redis', 'kafka'] as const)('%s starts as its image is', async (engine) => {
    const head = 'broker: in-cluster\nstorage: { size: 1Gi }\n';
    const workspace = new ClusterWorkspace(inject('cluster')!, head, '180s');
    onTestFinished(() => workspace.remove());
    const image = await pushDatastoreImage(workspace.cluster.registry, engine);
    const manifest = `broker: ${engine}\n`;
    const text = `port: 3001\n${manifest}`;
    const project = { name: 'orders', root: 'apps/orders', file: 'apps/orders/service.yml', text };
    const platform = parsePlatform(workspace.platform, [project]);
    workspace.addService('orders', 3001, { manifest });
    const root = deriveRootCompose(platform, undefined, () => false).text;
    workspace.write({
      'compose.yaml': root.replace(/image: .*/, `image: ${image}`),
      '.env': 'BROKER_PASSWORD=b\n',
    });
    workspace.push('orders', 'one');
    const { output, failures } = await workspace.deploy();
    expect(failures, output).toEqual({});
    expect(output).toContain('cluster  started  broker');
    expect((await workspace.deploy()).output).toContain('nothing changed');
  });
});
