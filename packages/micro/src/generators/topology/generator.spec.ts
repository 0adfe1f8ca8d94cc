import { addProjectConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { syncWorkspace } from '../sync/sync-workspace';
import { topologyGenerator } from './generator';

const FILE = 'docs/topology.md';

let tree: Tree;
const text = () => tree.read(FILE, 'utf8') ?? '';

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  tree.write('package.json', JSON.stringify({ name: '@acme/source' }));
  const manifests = {
    gateway: 'kind: gateway\nport: 3000\nconsumes: [orders]\n',
    orders: 'port: 3001\ndatastores:\n  database: postgres\n',
  };
  for (const [name, manifest] of Object.entries(manifests)) {
    addProjectConfiguration(tree, name, { root: `apps/${name}` });
    tree.write(`apps/${name}/service.yml`, manifest);
  }
});

describe('topology', () => {
  it('draws the platform', async () => {
    await topologyGenerator(tree);
    expect(text()).toContain('```mermaid\nflowchart LR\n');
    expect(text()).toContain('service_gateway --> service_orders\n');
    expect(text()).toContain('store_orders_database[("postgres<br>database")]');
  });

  it('is kept by sync from then on, and not before', async () => {
    syncWorkspace(tree);
    expect(tree.exists(FILE)).toBe(false);
    await topologyGenerator(tree);
    expect(syncWorkspace(tree)).toEqual([]);
    tree.write('apps/gateway/service.yml', 'kind: gateway\nport: 3000\n');
    const drifted = syncWorkspace(tree).find(({ path }) => path === FILE);
    expect(drifted?.drift).toEqual(['the diagram is out of date']);
    expect(text()).not.toContain('service_gateway --> service_orders');
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it("keeps a person's text around the picture when it is run again", async () => {
    await topologyGenerator(tree);
    tree.write(FILE, text().replace('# Topology', '# Our shop') + '\nMore of ours.\n');
    const edited = text();
    await topologyGenerator(tree);
    expect(text()).toBe(edited);
    tree.write('apps/orders/service.yml', 'port: 3009\n');
    await topologyGenerator(tree);
    expect(text()).toMatch(/^# Our shop\n/);
    expect(text()).toMatch(/\nMore of ours\.\n$/);
    expect(text()).toContain('orders<br>:3009');
    expect(text()).not.toContain('postgres');
  });

  it("adds the picture to a person's own file", async () => {
    tree.write(FILE, '# Mine\n\nWords.\n');
    expect(syncWorkspace(tree).map(({ path }) => path)).not.toContain(FILE);
    await topologyGenerator(tree);
    expect(text()).toMatch(/^# Mine\n\nWords\.\n\n<!-- topology/);
  });
});
