import { describe, expect, it } from 'vitest';
import { recordingRunner, failure } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { statusCommand } from './command';
import type { PlatformStatus } from './document';

const KEY = 'a'.repeat(64);
const push = (service: string) => ({
  ...{ kind: 'pushed', service, environment: 'live', key: KEY, tags: [], since: '2026-11-27' },
  ...{ image: `reg.example.com/acme/${service}:k-1`, digest: `sha256:${KEY}` },
});

const workspace = ({ environment = '', orders = '' } = {}) =>
  temporaryWorkspace({
    'package.json': JSON.stringify({ name: '@acme/source' }),
    'compose.yaml': '',
    'environments/live.yml': `engine: kubernetes\ncontext: far\nregistry: reg.example.com\n${environment}`,
    ...Object.fromEntries(
      ['orders', 'users'].flatMap((name, index) => [
        [`apps/${name}/service.yml`, `port: ${3001 + index}\n${name === 'orders' ? orders : ''}`],
        [`apps/${name}/package.json`, JSON.stringify({ name })],
        [`dist/receipts/apps/${name}/docker-push.live.json`, JSON.stringify(push(name))],
      ]),
    ),
  });

const WRITTEN = { services: { orders: {}, users: {} } };

/** Answers as an empty namespace does. */
const answering = (compose = { stdout: JSON.stringify(WRITTEN) } as object) =>
  recordingRunner((line) => {
    if (line.startsWith('docker')) return compose;
    if (line.includes('get namespace')) return { stdout: '{}' };
    if (line.includes('--output name')) return { stdout: '' };
    return line.startsWith('kubectl') ? { stdout: '{"items":[]}' } : failure('no git');
  });

describe('micro status of a cluster', () => {
  it('asks once for each kind, however many services there are', async () => {
    const runner = answering();
    const { exitCode, output } = await runCommand(statusCommand, workspace(), '-e live --check', {
      runner,
    });
    expect(exitCode).toBe(1);
    expect(output).toContain('2 services: 2 not deployed');
    const asked = runner.lines
      .filter((line) => line.startsWith('kubectl'))
      .map((line) => /get (\S+)/.exec(line)![1]!);
    const kinds = asked.flatMap((kinds) => kinds.split(','));
    expect(kinds).toContain('deployments.apps');
    expect(kinds).toContain('pods');
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(asked).toHaveLength(4);
  });

  it('says what could not be compared, and shows the rest', async () => {
    const runner = answering(failure('service "orders" has no image'));
    const { output } = await runCommand(statusCommand, workspace(), '-e live --json', { runner });
    const { project, services, notes } = JSON.parse(output) as PlatformStatus;
    expect(project).toBe('acme-live');
    expect(services.map(({ state }) => state)).toEqual(['not-deployed', 'not-deployed']);
    expect(notes).toEqual([
      expect.stringMatching(/^objects were not compared: .*service "orders" has no image/s),
    ]);
  });

  it('shows the broker that the cluster is to run', async () => {
    const services = { ...WRITTEN.services, broker: { image: 'rabbitmq:4.1' } };
    const runner = answering({ stdout: JSON.stringify({ services }) });
    const root = workspace({ environment: 'broker: in-cluster\n', orders: 'broker: rabbitmq\n' });
    const { output } = await runCommand(statusCommand, root, '-e live --json', { runner });
    const { backing, notes } = JSON.parse(output) as PlatformStatus;
    expect(notes).toEqual([]);
    expect(backing).toContainEqual({
      ...{ name: 'broker', engine: 'rabbitmq', health: 'down', drift: ['not running'] },
    });
  });

  it('says what to do if there is no such context', async () => {
    const runner = recordingRunner((line) =>
      line.startsWith('kubectl') ? failure('error: context "far" does not exist') : undefined,
    );
    await expect(runCommand(statusCommand, workspace(), '-e live', { runner })).rejects.toThrow(
      /there is no kubectl context "far", which environments\/live\.yml names/,
    );
  });
});
