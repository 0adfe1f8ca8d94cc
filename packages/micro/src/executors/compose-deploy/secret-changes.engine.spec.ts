import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';

/** Serves; as the job it ends well only with a value that it knows. */
const ORDERS = `import { readFileSync } from 'node:fs';

if (process.argv[2] === 'migrate') {
  const value = readFileSync(process.env.API_KEY_FILE ?? '', 'utf8');
  if (!value.startsWith('good-')) {
    throw new Error(\`another value; API_KEY is \${process.env.API_KEY}, LEVEL is \${process.env.LEVEL}\`);
  }
  process.exit(0);
}
`;

/** Long, because these tests are not about health, and a busy machine is slow. */
const HEALTHY = '    healthcheck: { test: [CMD, "true"], interval: 1s }\n';

describeEngine('a changed secret', () => {
  let workspace: EngineWorkspace;

  const environment = (secrets: string) =>
    workspace.write({
      'environments/development.yml': `healthTimeout: 60
steady: 0
services:
  orders:
    environment: { LEVEL: three }
    secrets: { ${secrets} }
`,
    });
  const ALL = `API_KEY: { file: ./secrets/api-key }, CI_KEY: { environment: SPEC_CHANGED_KEY }, STORE_KEY: { command: [cat, secrets/store] }`;
  const value = (name: string) =>
    docker('exec', workspace.containerIds('orders')[0]!, 'cat', `/run/secrets/${name}`);
  const ids = () => ({
    orders: workspace.containerIds('orders'),
    users: workspace.containerIds('users'),
  });
  const deploy = (options = {}) => workspace.deployTogether(['orders', 'users'], options);
  const prepare = async (service: string) => {
    for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
      expect(await workspace[step](service)).toMatchObject({ success: true });
    }
  };

  beforeAll(async () => {
    vi.stubEnv('SPEC_CHANGED_KEY', 'variable-one');
    workspace = new EngineWorkspace();
    const built = '    build: { context: ../.., dockerfile: apps/orders/Dockerfile }\n';
    workspace.addService('orders', 3001, {
      main: `${ORDERS}${server('orders')}`,
      compose: `${HEALTHY}${built}    depends_on: { orders-migrate: { condition: service_completed_successfully } }
  orders-migrate:
${built}    image: ${workspace.platform}/orders:local
    command: [node, main.js, migrate]
    read_only: true
    environment: { API_KEY: of-the-file }
    networks: [edge]
`,
    });
    workspace.addService('users', 3002, { compose: HEALTHY });
    environment(ALL);
    workspace.write({ 'secrets/api-key': 'good-one', 'secrets/store': 'printed-one' });
    for (const service of ['orders', 'users']) await prepare(service);
    expect(await deploy()).toMatchObject({ success: true });
  });

  afterAll(() => {
    workspace?.remove();
    vi.unstubAllEnvs();
  });

  it.each<[string, string, () => void]>([
    ['a file', 'API_KEY', () => workspace.write({ 'secrets/api-key': 'good-two' })],
    ['a variable', 'CI_KEY', () => vi.stubEnv('SPEC_CHANGED_KEY', 'variable-two')],
    ['a command', 'STORE_KEY', () => workspace.write({ 'secrets/store': 'printed-two' })],
  ])('of %s restarts the service that gets it, and nothing else', async (_, name, change) => {
    const before = ids();
    change();
    const { output } = await deploy();
    expect(output).toMatch(/restart +orders +its entry changed: secret-values;/);
    expect(output).toContain('keep     users  nothing changed');
    expect(value(name)).toMatch(/-two$/);
    expect(ids()).toEqual({ orders: [expect.any(String)], users: before.users });
    expect(ids().orders).not.toEqual(before.orders);
    expect((await deploy()).output).toMatch(
      /keep +(?:orders, users|users, orders) +nothing changed/,
    );
  });

  it('reaches the job of the same image first, and changes nothing if that fails', async () => {
    const before = ids();
    workspace.write({ 'secrets/api-key': 'bad-one' });
    const { success, output, ended } = await deploy();
    expect(success).toBe(false);
    expect(`${output}${ended['orders']?.output}`).toContain(
      'another value; API_KEY is undefined, LEVEL is three',
    );
    expect(ids()).toEqual(before);
    expect(workspace.everything().join()).not.toContain('migrate');
    workspace.write({ 'secrets/api-key': 'good-two' });
  });

  it('is used by a rollback, which is reported as one', async () => {
    workspace.write({ 'apps/orders/src/main.ts': `${ORDERS}${server('orders two')}` });
    await prepare('orders');
    expect(await deploy()).toMatchObject({ success: true });
    workspace.write({ 'secrets/api-key': 'good-three' });
    const { output } = await workspace.deploy('orders', { rollback: true });
    expect(output).toContain('back to r1 from r2');
    expect(value('API_KEY')).toBe('good-three');
    // The value that this release was first deployed with: containers do not have it now.
    workspace.write({ 'secrets/api-key': 'good-one' });
    expect(await workspace.deploy('orders', { to: 1 })).toMatchObject({ success: true });
    expect(value('API_KEY')).toBe('good-one');
  });

  it('is missed by a rollback to a release that needs one which is not named any more', async () => {
    const before = ids();
    environment('CI_KEY: { environment: SPEC_CHANGED_KEY }');
    const { success, output } = await workspace.deploy('orders', { to: 2 });
    expect(success).toBe(false);
    expect(output).toContain(
      'this release of orders needs API_KEY, STORE_KEY, which environments/development.yml does not name under services.orders.secrets',
    );
    expect(ids()).toEqual(before);
  });

  it('is restored by --atomic, even if it is not configured any more', async () => {
    const before = ids();
    // Without a job, which needs what is not named any more.
    workspace.write({
      'apps/orders/compose.yaml': workspace
        .read('apps/orders/compose.yaml')
        .replace(/^ {4}depends_on[^]*$/m, ''),
      'apps/users/src/main.ts': 'process.exit(1);\n',
    });
    rmSync(join(workspace.root, 'secrets/api-key'));
    await prepare('users');
    const { success, ended } = await deploy({ atomic: true });
    expect(success).toBe(false);
    expect(ended['orders']?.output).toContain('orders was put back to r1');
    expect(ids().users).toEqual(before.users);
    expect(ids().orders).not.toEqual(before.orders);
    expect(['API_KEY', 'CI_KEY', 'STORE_KEY'].map(value)).toEqual([
      'good-one',
      'variable-two',
      'printed-two',
    ]);
    expect(docker('exec', ids().orders[0]!, 'stat', '-c', '%a %u', '/run/secrets/.key')).toBe(
      '400 0',
    );
  });
});
