import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace, type Told } from '../../testing/engine-workspace';

const FIRST = 'spec-secret-one';
const SECOND = 'spec-secret-two';
const VARIABLE = 'spec-secret-variable';
const PRINTED = 'spec-secret-printed';

describeEngine('secrets of an environment', () => {
  let workspace: EngineWorkspace;
  let output = '';

  beforeAll(async () => {
    vi.stubEnv('SPEC_CI_KEY', VARIABLE);
    workspace = new EngineWorkspace();
    // It runs elsewhere, as the environment says.
    workspace.addService('users', 3002);
    workspace.addService('orders', 3001, {
      manifest: 'consumes: [users]\n',
      // Like a generated service: it is not root, and cannot write to the folder of secrets.
      compose: '    read_only: true\n    tmpfs: [/tmp]\n    cap_drop: [ALL]\n',
    });
    workspace.write({
      'environments/development.compose.yaml': `services:
  orders:
    environment: { API_KEY: of-development, MICROSERVICE_USERS_URL: "http://users:3002" }
`,
      'environments/development.yml': `healthTimeout: 60
links: { users: "https://users.example.com" }
services:
  orders:
    resources: { cpus: 0.5, memory: 128M }
    secrets:
      API_KEY: { file: ./secrets/api-key }
      CI_KEY: { environment: SPEC_CI_KEY }
      STORE_KEY: { command: [node, -p, "['spec', 'secret', 'printed'].join('-')"] }
`,
      'secrets/api-key': FIRST,
    });
    expect(await heard(workspace.ship('orders'))).toMatchObject({ success: true });
  });

  afterAll(() => {
    workspace?.remove();
    vi.unstubAllEnvs();
  });

  async function heard(telling: Promise<Told>): Promise<Told> {
    const told = await telling;
    output += told.output;
    return told;
  }

  const container = () => workspace.containerIds('orders')[0]!;
  const inside = (command: string) => docker('exec', container(), 'sh', '-c', command);
  const volume = () =>
    docker('inspect', '--format', '{{range .Mounts}}{{.Name}}{{end}}', container());
  const serving = () => ({
    image: docker('inspect', '--format', '{{.Image}}', container()),
    key: inside('cat "$API_KEY_FILE"'),
  });

  it('gives each as a file that the service can read, and not as a variable', () => {
    expect(inside('id -u')).not.toBe('0');
    expect(inside('cat $API_KEY_FILE; echo; cat $CI_KEY_FILE; echo; cat $STORE_KEY_FILE')).toBe(
      `${FIRST}\n${VARIABLE}\n${PRINTED}`,
    );
    expect(inside('echo "[$API_KEY]"')).toBe('[]');
  });

  it('does not show the service the key of its label', () => {
    const read = spawnSync('docker', ['exec', container(), 'cat', '/run/secrets/.key']);
    expect(String(read.stderr)).toContain('Permission denied');
  });

  it('limits resources and passes the address of a provider that runs elsewhere', () => {
    expect(
      docker('inspect', '--format', '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}', container()),
    ).toBe(`${128 * 1024 * 1024} 500000000`);
    expect(inside('echo $MICROSERVICE_USERS_URL')).toBe('https://users.example.com');
  });

  it('keeps the container while no value changes', async () => {
    const before = container();
    const { output } = await heard(workspace.deploy('orders'));
    expect(output).toContain('keep     orders  nothing changed');
    expect(container()).toBe(before);
  });

  it('restarts for another value, builds nothing, and removes the old value with its container', async () => {
    const [before, old] = [serving(), volume()];
    workspace.write({ 'secrets/api-key': SECOND });
    const { success, output } = await heard(workspace.deploy('orders'));
    expect(output).toContain('restart  orders  its entry changed: secret-values');
    expect(success).toBe(true);
    expect(serving()).toEqual({ ...before, key: SECOND });
    expect(spawnSync('docker', ['volume', 'inspect', old]).status).not.toBe(0);
  });

  it('changes nothing if one is missing', async () => {
    const before = container();
    rmSync(join(workspace.root, 'secrets/api-key'));
    const { success, output } = await heard(workspace.deploy('orders'));
    expect(success).toBe(false);
    expect(output).toBe(
      'error  environments/development.yml: services.orders.secrets.API_KEY: there is no file ./secrets/api-key',
    );
    expect(container()).toBe(before);
  });

  it('goes back with the values of today', async () => {
    const before = serving();
    workspace.write({ 'secrets/api-key': SECOND });
    expect(await heard(workspace.deploy('orders', { to: 1 }))).toMatchObject({ success: true });
    expect(serving()).toEqual(before);
  });

  it('shows no value in output, in a receipt, or in anything that the engine reports', () => {
    const all = docker('ps', '--all', '--quiet', '--filter', `name=${workspace.platform}`);
    const described = docker('inspect', ...all.split('\n'));
    const receipts = join(workspace.root, 'dist/receipts/apps/orders');
    const left = readdirSync(receipts).map((name) => readFileSync(join(receipts, name), 'utf8'));
    // The command that prints one is no value.
    expect(described).toContain('secret-values=');
    expect([output, described, ...left].join('\n')).not.toMatch(/spec-secret-/);
  });
});
