import { expect, it } from 'vitest';
import { recordingRunner } from '../../../testing/recording-runner';
import { runningContainer } from '../../../testing/running-container';
import { removeNeverStarted } from './never-started';

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
