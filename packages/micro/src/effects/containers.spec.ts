import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../testing/recording-runner';
import { readContainers, readLastLogLines, readProjectContainers } from './containers';

const json = (name: string, labels: Record<string, string> | null = {}, more = {}) => ({
  Id: name,
  Name: `/${name}`,
  RestartCount: 1,
  State: { Status: 'running' },
  Config: { Labels: labels },
  NetworkSettings: { Networks: null },
  ...more,
});

it('reads the containers of a project, without those of docker compose run', async () => {
  const labels = { 'com.docker.compose.service': 'orders' };
  const runner = recordingRunner((line) =>
    line.includes(' ls ')
      ? { stdout: 'b\na\nc\n' }
      : {
          stdout: JSON.stringify([
            json('b', labels, {
              State: {
                Status: 'running',
                Health: { Status: 'healthy', Log: [{ Output: 'x' }, { Output: 'ok\n' }] },
              },
              NetworkSettings: {
                Networks: { edge: { Aliases: ['orders'], DNSNames: ['b', 'orders'] } },
              },
            }),
            json('a', labels),
            json('c', { ...labels, 'com.docker.compose.oneoff': 'True' }),
          ]),
        },
  );
  const containers = await readProjectContainers(runner, { context: 'far' }, 'acme');
  expect(runner.lines).toEqual([
    'docker --context far container ls --all --no-trunc --quiet --filter label=com.docker.compose.project=acme',
    'docker --context far container inspect b a c',
  ]);
  expect(containers).toEqual([
    {
      id: 'a',
      name: 'a',
      service: 'orders',
      state: 'running',
      health: 'none',
      healthOutput: '',
      restarts: 1,
      labels,
      networks: {},
    },
    {
      id: 'b',
      name: 'b',
      service: 'orders',
      state: 'running',
      health: 'healthy',
      healthOutput: 'ok',
      restarts: 1,
      labels,
      networks: { edge: { aliases: ['orders'], names: ['b', 'orders'] } },
    },
  ]);
});

it('leaves out a container that is gone, and asks nothing about none', async () => {
  const runner = recordingRunner(() => ({
    ...failure('Error: No such container: b'),
    stdout: JSON.stringify([json('a', null)]),
  }));
  expect(await readContainers(runner, {}, ['a', 'b'])).toMatchObject([{ id: 'a', service: '' }]);
  expect(await readContainers(runner, {}, [])).toEqual([]);
  expect(runner.lines).toHaveLength(1);
});

it('does not take an engine that is gone for containers that are gone', async () => {
  const runner = recordingRunner(() =>
    failure('Cannot connect to the Docker daemon at unix:///x.'),
  );
  await expect(readContainers(runner, {}, ['a'])).rejects.toThrow('no Docker Engine answers');
});

it('reads the last lines of both streams', async () => {
  const runner = recordingRunner(() => ({ stdout: 'a\n', stderr: 'b\n' }));
  expect(await readLastLogLines(runner, {}, 'x', 20)).toBe('a\nb');
});
