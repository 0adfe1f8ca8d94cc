import { afterEach, beforeEach, expect, it } from 'vitest';
import { readContainers } from '../../../effects/containers';
import { systemClock } from '../../../effects/clock';
import { processRunner } from '../../../effects/process';
import { describeEngine } from '../../../../../../tools/testing/describe-engine';
import { docker } from '../../../testing/engine-workspace';
import { hideInPlace } from './traffic';

const IMAGE = 'node:24-bookworm-slim';

describeEngine('taking a running container out of name resolution', () => {
  let network: string;
  let made: string[];

  beforeEach(() => {
    network = `spec-hide-${crypto.randomUUID().slice(0, 8)}`;
    docker('network', 'create', network);
    made = [];
  });

  afterEach(() => {
    docker('rm', '--force', ...made);
    docker('network', 'rm', network);
  });

  const start = (name: string) => {
    const id = docker(
      ...['run', '--detach', '--init', '--network', network, '--network-alias', name, IMAGE],
      ...['node', '-e', 'setInterval(() => {}, 1000)'],
    );
    made.push(id);
    return id;
  };

  const addressOf = (id: string) =>
    docker(
      'inspect',
      '--format',
      `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`,
      id,
    );

  const inNetwork = () =>
    docker('ps', '--all', '--no-trunc', '--quiet', '--filter', `network=${network}`)
      .split('\n')
      .toSorted();

  it('leaves it its address, although addresses below are free', async () => {
    const [caller, ...gone] = [start('caller'), start('gone-1'), start('gone-2')];
    const orders = start('orders');
    docker('rm', '--force', ...gone);
    const before = addressOf(orders);
    const engine = {
      runner: processRunner('.'),
      address: {},
      addresses: <T>(work: () => Promise<T>) => work(),
      clock: systemClock,
    };

    await hideInPlace(engine, await readContainers(engine.runner, {}, [orders]));

    expect(addressOf(orders)).toBe(before);
    const lookup = "require('dns').lookup('orders', (error) => console.log(error?.code))";
    expect(docker('exec', caller, 'node', '-e', lookup)).toBe('ENOTFOUND');
    expect(inNetwork()).toEqual([caller, orders].toSorted());
  });
});
