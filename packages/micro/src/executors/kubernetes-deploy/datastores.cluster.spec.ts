import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { pushDatastoreImage } from '../../../../../tools/images/datastores/pushed-image';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

/** Reaches the database by its name, or fails if it is told to. */
const MIGRATE = `
const { DATABASE_URL, FAIL } = process.env;
if (FAIL) throw new Error('relation \\"orders\\" already exists');
const { hostname, port } = new URL(DATABASE_URL);
require('node:net').connect(Number(port), hostname, () => {
  console.log('migrated');
  process.exit(0);
});
`.replaceAll('\n', ' ');

describeCluster('datastores and jobs of kubernetes-deploy', () => {
  let workspace: ClusterWorkspace;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!, 'storage: { size: 1Gi }\n');
    const image = await pushDatastoreImage(workspace.cluster.registry, 'postgres');
    workspace.write({ '.env': 'ORDERS_PASSWORD=secret\n' });
    const url = 'postgres://orders:${ORDERS_PASSWORD}@orders-database:5432/orders';
    workspace.addService('orders', 3001, {
      manifest: 'datastores: { database: postgres }\n',
      compose: `    build: .
    depends_on:
      orders-migrate: { condition: service_completed_successfully }
  orders-migrate:
    build: .
    command: [node, -e, ${JSON.stringify(MIGRATE)}]
    environment: { DATABASE_URL: "${url}" }
    depends_on:
      orders-database: { condition: service_healthy }
  orders-database:
    image: ${image}
    environment: { POSTGRES_USER: orders, POSTGRES_DB: orders, POSTGRES_PASSWORD: "\${ORDERS_PASSWORD}" }
    healthcheck: { test: [CMD-SHELL, pg_isready -U orders], interval: 2s }
    volumes: [orders-database:/var/lib/postgresql/data]
volumes:
  orders-database:
`,
    });
    workspace.push('orders', 'one');
  });
  afterAll(() => workspace.remove());

  const jobs = () =>
    workspace.kubectl('get', 'jobs', '--output', 'jsonpath={.items[*].metadata.name}').split(' ');

  it('starts the database, runs the migration once, then the service', async () => {
    const { output, failures } = await workspace.deploy();
    expect(failures, output).toEqual({});
    expect(output).toMatch(/start .*orders-database .*needed by orders/);
    expect(output).toContain('orders  started  orders-database');
    expect(output).toContain('orders  ran  orders-migrate');
    const before = workspace.versions();
    expect((await workspace.deploy()).output).toContain('nothing changed');
    expect(workspace.versions()).toEqual(before);
    // A Job that a person cleans away has run all the same.
    workspace.kubectl('delete', 'job', ...jobs());
    expect((await workspace.deploy()).output).toContain('nothing changed');
  });

  it('does not change a service whose migration fails, and says why', async () => {
    const served = workspace.served('orders');
    workspace.push('orders', 'two');
    workspace.set('orders', { environment: { FAIL: 'yes' } });
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toContain('relation "orders" already exists');
    expect(failures['orders']).toContain('orders was not changed');
    expect(workspace.served('orders')).toEqual(served);
    workspace.set('orders', {});
    expect((await workspace.deploy()).failures).toEqual({});
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
  });

  it('replaces no pod that may hold data', async () => {
    const uid = () => {
      const pod = ['--selector', 'app.kubernetes.io/name=orders-database'];
      return workspace.kubectl('get', 'pods', ...pod, '-o', 'jsonpath={.items[*].metadata.uid}');
    };
    const before = uid();
    workspace.edit('apps/orders/compose.yaml', (text) =>
      text.replace('interval: 2s', 'interval: 3s'),
    );
    const { output, failures } = await workspace.deploy();
    expect(failures).toEqual({});
    expect(output).toMatch(/left +orders-database .*does not replace a pod that may hold data/);
    expect(uid()).toBe(before);
  });
});
