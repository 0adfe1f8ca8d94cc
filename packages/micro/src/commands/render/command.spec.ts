import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { renderCommand } from './command';

const WRITTEN = {
  services: { orders: { environment: { PORT: '3001', API_URL: 'https://u:${PASSWORD}@api' } } },
};
const FILLED = {
  services: { orders: { environment: { PORT: '3001', API_URL: 'https://u:a$$b@api' } } },
};

const CLUSTER = `engine: kubernetes
context: far
registry: reg.example.com
services:
  orders:
    secrets: { STRIPE_KEY: { environment: RENDER_SPEC_KEY } }
`;

function workspace(environment = CLUSTER): string {
  return temporaryWorkspace({
    'package.json': JSON.stringify({ name: '@acme/source' }),
    'compose.yaml': '',
    'apps/orders/service.yml': 'port: 3001\n',
    'apps/orders/package.json': JSON.stringify({ name: 'orders' }),
    'environments/production.yml': environment,
  });
}

function push(root: string): void {
  const file = join(root, 'dist/receipts/apps/orders/docker-push.production.json');
  mkdirSync(dirname(file), { recursive: true });
  const image = { image: 'reg.example.com/acme/orders:k-1', digest: `sha256:${'a'.repeat(64)}` };
  const what = { kind: 'pushed', service: 'orders', key: 'k', environment: 'production' };
  writeFileSync(file, JSON.stringify({ ...what, ...image, tags: [], since: '2026-11-27' }));
}

const run = (root: string, line: string, isTerminal = false) => {
  const runner = recordingRunner((asked) => ({
    stdout: JSON.stringify(asked.includes('--no-interpolate') ? WRITTEN : FILLED),
  }));
  return runCommand(renderCommand, root, line, { runner, isTerminal });
};

describe('micro render', () => {
  it('writes a folder for "kubectl apply -k" with the images that were pushed, and no secret', async () => {
    const root = workspace();
    push(root);
    expect((await run(root, '-e production')).output).toBe(
      [
        'dist/kubernetes/production  3 files, changed: kustomization.yaml, orders.yaml, platform.yaml',
        'secret orders  has to hold API_URL, STRIPE_KEY',
      ].join('\n'),
    );
    const text = readFileSync(join(root, 'dist/kubernetes/production/orders.yaml'), 'utf8');
    expect(text).toContain(`image: reg.example.com/acme/orders:k-1@sha256:${'a'.repeat(64)}`);
    expect(text).not.toContain('a$$b');
    expect((await run(root, '-e production')).output).toContain('3 files, none changed');
  });

  it('gives the values of secrets to a pipe, and to no terminal', async () => {
    process.env['RENDER_SPEC_KEY'] = 'sk';
    onTestFinished(() => void delete process.env['RENDER_SPEC_KEY']);
    const root = workspace();
    push(root);
    const { items } = JSON.parse((await run(root, '-e production --secrets')).output) as {
      items: { data: Record<string, string> }[];
    };
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    expect(items.map(({ data }) => data)).toEqual([
      { API_URL: base64('https://u:a$b@api'), STRIPE_KEY: base64('sk') },
    ]);
    await expect(run(root, '-e production --secrets', true)).rejects.toThrow(
      'pipe it, for example into "kubectl --context far apply --server-side -f -"',
    );
  });

  it.each([
    ['', CLUSTER, 'usage: micro render'],
    [
      '-e production',
      CLUSTER,
      'nothing of orders was pushed for production yet: run nx run-many -t docker-push -c production --projects=orders',
    ],
    ['-e production', '', 'environments/production.yml is for Compose'],
    [
      '-e production',
      CLUSTER.replace('registry', 'register'),
      'environments/production.yml:3: unknown key "register"; did you mean "registry"?',
    ],
  ])('says what is wrong with "%s"', async (line, environment, message) => {
    await expect(run(workspace(environment), line)).rejects.toThrow(message);
  });

  it('refuses what would be lost, where it is written', async () => {
    const root = workspace();
    push(root);
    const entry = 'services:\n  orders:\n    image: a\n    env_file: a.env\n';
    writeFileSync(join(root, 'apps/orders/compose.yaml'), entry);
    const services = { orders: { env_file: [{ path: '/a.env' }] } };
    const runner = recordingRunner(() => ({ stdout: JSON.stringify({ services }) }));
    await expect(runCommand(renderCommand, root, '-e production', { runner })).rejects.toThrow(
      'apps/orders/compose.yaml:4: "env_file" of orders is not rendered for a cluster',
    );
  });

  it('names a secret that cannot be read', async () => {
    const root = workspace();
    push(root);
    await expect(run(root, '-e production --secrets')).rejects.toThrow(
      'environments/production.yml: services.orders.secrets.STRIPE_KEY: the variable RENDER_SPEC_KEY is not set',
    );
  });
});
