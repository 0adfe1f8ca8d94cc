import { describe, expect, it } from 'vitest';
import { DEPLOY_LABELS } from '../../../deployment/labels';
import type { ServicePlan } from '../../../deployment/run-plan';
import { tarOf } from '../../../docker/tar';
import { dialledPorts } from '../../../edge/dialled-ports';
import { CONFIG_FILE } from '../../../edge/edge-entry';
import { atPorts, type Json } from '../../../edge/proxy-routes';
import { EDGE_SERVICE } from '../../../platform/edge-options';
import { desiredState } from '../../../testing/desired-state';
import { recordingRunner } from '../../../testing/recording-runner';
import { runningContainer } from '../../../testing/running-container';
import type { Run } from '../run';
import { movingPorts } from './moving-ports';

const EDGE = runningContainer({ id: 'edge', name: 'acme-edge-1', service: EDGE_SERVICE });
const ORDERS = runningContainer({ labels: { [DEPLOY_LABELS.port]: '3001' } });

/** `orders` moves from port 3001 to 3002. */
const PLAN = {
  service: 'orders',
  plan: { kind: 'roll' },
  desired: desiredState({ slice: { services: { orders: { environment: { PORT: '3002' } } } } }),
} as unknown as ServicePlan;

/** What happens to an edge, in order: `reaches 3001 and 3002`, `waits 2500`, and whatever a test adds. */
function setUp(isAtomic = false) {
  const events: string[] = [];
  let config: Json = { routes: [atPorts({ handler: 'reverse_proxy' }, 'orders', [3001])] };
  const archive = () => {
    const content = Buffer.from(JSON.stringify(config));
    return tarOf([{ path: CONFIG_FILE, mode: 0o600, content }]).toString();
  };
  const runner = recordingRunner((line, { stdin }) => {
    if (line.includes(' cp edge:')) return { stdout: archive() };
    if (line.includes(' ls ')) return { stdout: 'edge\n' };
    if (line.includes(' inspect ')) {
      const Labels = { 'com.docker.compose.service': EDGE_SERVICE };
      const State = { Status: 'running' };
      const Config = { Image: 'caddy:2', Labels, Env: null };
      const one = { Id: 'edge', Name: '/acme-edge-1', RestartCount: 0, Image: 'sha256:e' };
      return { stdout: JSON.stringify([{ ...one, State, Config, NetworkSettings: {} }]) };
    }
    const json = /\{[^]*\}/.exec(Buffer.from(stdin ?? '').toString())?.[0];
    if (json) config = JSON.parse(json) as Json;
    if (line.includes('caddy reload')) {
      events.push(`reaches ${dialledPorts(config, 'orders').join(' and ')}`);
    }
    return undefined;
  });
  const clock = {
    now: () => 0,
    sleep: (milliseconds: number) => {
      events.push(`waits ${milliseconds}`);
      return Promise.resolve();
    },
  };
  const run = { runner, clock, undo: { runner, clock }, address: {}, name: 'acme' };
  const undos: (() => Promise<void>)[] = [];
  const moving = movingPorts(
    { ...run, tell: () => undefined } as unknown as Run,
    { containers: [ORDERS, EDGE], edge: { container: EDGE, leftovers: [] } },
    (work) => work(),
    isAtomic ? (undo) => void undos.push(undo) : undefined,
  );
  return { events, moving, undos };
}

describe('movingPorts', () => {
  it('lets the edge reach both ports until nobody waits for the old one', async () => {
    const { events, moving } = setUp();
    await moving.around(PLAN, () => Promise.resolve(events.push('rolled')));
    expect(moving.ports.get('orders')).toBeUndefined();
    await moving.end();
    expect(events).toEqual(['reaches 3001 and 3002', 'rolled', 'waits 2500', 'reaches 3002']);
  });

  it('does the same before it goes back to the old port', async () => {
    const { events, moving } = setUp();
    const failing = moving.around(PLAN, () => Promise.reject(new Error('never healthy')));
    await expect(failing).rejects.toThrow('never healthy');
    expect(events).toEqual(['reaches 3001 and 3002', 'waits 2500', 'reaches 3001']);
  });

  it('does the same before --atomic puts the configuration back', async () => {
    const { events, moving, undos } = setUp(true);
    await moving.around(PLAN, () => Promise.resolve());
    expect(moving.ports.get('orders')).toEqual([3001, 3002]);
    events.length = 0;
    expect(undos).toHaveLength(1);
    await undos[0]!();
    expect(events).toEqual(['waits 2500', 'reaches 3001']);
  });

  it('neither waits nor reloads for a service that stays at its port', async () => {
    const { events, moving } = setUp();
    const slice = { services: { orders: { environment: { PORT: '3001' } } } };
    await moving.around({ ...PLAN, desired: desiredState({ slice }) }, () => Promise.resolve());
    await moving.end();
    expect(events).toEqual([]);
  });
});
