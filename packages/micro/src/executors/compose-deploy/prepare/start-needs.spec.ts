import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../effects/clock';
import { parseEnvironment } from '../../../platform/environment';
import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../../../testing/recording-runner';
import { runningContainer } from '../../../testing/running-container';
import { removeNeverStarted, startNeeds } from './start-needs';

const db = (id: string, some = {}) => runningContainer({ id, name: id, service: 'db', ...some });

it.each([
  ['a container that could not be started', [db('a', { state: 'created' })], ['rm a']],
  ['one that ended, which may hold something', [db('a', { state: 'exited' })], []],
  ['one that runs', [db('a')], []],
  ['one that this deploy starts nothing of', [db('a', { state: 'created', service: 'x' })], []],
])('removes %s before it is started', async (_, containers, removed) => {
  const runner = recordingRunner();
  await removeNeverStarted({ runner, address: {} }, containers, [{ starts: ['db'] }]);
  expect(runner.lines.map((line) => line.replace('docker container ', ''))).toEqual(removed);
});

it('startNeeds: a start that fails while that of another service goes on fails this one alone', async () => {
  const broker = sleep(50);
  const runner = recordingRunner(() => failure('no space left on device'));
  const work = startNeeds(
    {
      runner,
      address: {},
      environment: parseEnvironment('development', ''),
      alone: (start) => start(),
      clock: systemClock,
      tasks: [],
      tell: () => undefined,
      undo: { runner, clock: systemClock },
    },
    { name: 'acme-development', files: [] },
    { service: 'orders', starts: ['broker', 'cache'] },
    new Map([['broker', broker]]),
  );
  // Vitest fails if a rejected promise is not awaited.
  await expect(work).rejects.toThrow(/^Could not start what orders needs \(cache\)/);
  await broker;
});

const CONTAINER = {
  Id: 'mail',
  Name: '/acme-mail-1',
  RestartCount: 0,
  Config: { Labels: { 'com.docker.compose.service': 'mail' } },
  NetworkSettings: { Networks: null },
};

it.each([
  ['ended after a second', { Status: 'exited' }, /mail: acme-mail-1 is exited/],
  [
    'is unhealthy',
    { Status: 'running', Health: { Status: 'unhealthy', Log: [{ Output: 'no \x1bmailbox' }] } },
    /its last health check said:\n {4}no \\x1bmailbox/,
  ],
])('startNeeds: fails with the reason if a container %s', async (_, State, message) => {
  const isChecked = 'Health' in State;
  const runner = recordingRunner((line) => {
    if (line.includes(' up ') && isChecked) return failure('container acme-mail-1 is unhealthy');
    if (line.includes('container ls')) return { stdout: 'mail' };
    if (line.includes('container inspect')) {
      return { stdout: JSON.stringify([{ ...CONTAINER, State }]) };
    }
    return line.includes('logs') ? { stdout: 'no configuration' } : undefined;
  });
  const work = startNeeds(
    {
      ...{ runner, address: {}, tasks: [], clock: systemClock },
      environment: parseEnvironment('development', ''),
      alone: (start) => start(),
      tell: () => undefined,
      undo: { runner, clock: systemClock },
    },
    { name: 'acme-development', files: [] },
    { service: 'orders', starts: ['mail'] },
    new Map(),
  );
  const error: Error = await work.then(
    () => new Error('it counts as started'),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/^Could not start what orders needs \(mail\)/);
  expect(error.message).toMatch(message);
  expect(error.message).toContain('the last lines of acme-mail-1:\n    no configuration');
});
