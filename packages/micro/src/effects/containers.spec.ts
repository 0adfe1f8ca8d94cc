import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../testing/recording-runner';
import {
  parseVariables,
  readContainers,
  readLastLogLines,
  readProjectContainers,
  readRunningContainers,
} from './containers';

const json = (name: string, labels: Record<string, string> | null = {}, more = {}) => ({
  Id: name,
  Name: `/${name}`,
  RestartCount: 1,
  State: { Status: 'running' },
  Config: { Image: 'acme/x:1', Labels: labels },
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
                Ports: { '3001/tcp': [{ HostIp: '127.0.0.1', HostPort: '80' }], '9/udp': null },
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
      image: 'acme/x:1',
      state: 'running',
      health: 'none',
      restarts: 1,
      labels,
      networks: {},
      ports: [],
    },
    {
      id: 'b',
      name: 'b',
      service: 'orders',
      image: 'acme/x:1',
      state: 'running',
      health: 'healthy',
      healthOutput: 'ok',
      restarts: 1,
      labels,
      networks: { edge: { aliases: ['orders'], names: ['b', 'orders'] } },
      ports: [{ address: '127.0.0.1', port: 80, target: 3001 }],
    },
  ]);
});

it('leaves out a container that is gone, and runs no command for an empty list', async () => {
  const runner = recordingRunner(() => ({
    ...failure('Error: No such container: b'),
    stdout: JSON.stringify([json('a', null)]),
  }));
  expect(await readContainers(runner, {}, ['a', 'b'])).toMatchObject([{ id: 'a', service: '' }]);
  expect(await readContainers(runner, {}, [])).toEqual([]);
  expect(runner.lines).toHaveLength(1);
});

it('fails if the engine does not answer, instead of reporting that the containers are gone', async () => {
  const runner = recordingRunner(() =>
    failure('Cannot connect to the Docker daemon at unix:///x.'),
  );
  await expect(readContainers(runner, {}, ['a'])).rejects.toThrow('no Docker Engine answers');
});

it('reads the last lines of both streams', async () => {
  const runner = recordingRunner(() => ({ stdout: 'a\n', stderr: 'b\n' }));
  expect(await readLastLogLines(runner, {}, 'x', 20)).toBe('a\nb');
});

it('reads what containers were made from', async () => {
  const made = { Image: 'sha256:one', Config: { Image: 'acme/x:1', Labels: {}, Env: ['A=b=c'] } };
  const state = (StartedAt: string) => ({ State: { Status: 'running', StartedAt } });
  const runner = recordingRunner((line) =>
    line.includes(' ls ')
      ? { stdout: 'a\n' }
      : {
          stdout: JSON.stringify([
            json('a', {}, { ...made, ...state('2026-11-21T12:00:00Z') }),
            json('b', {}, { ...made, ...state('0001-01-01T00:00:00Z') }),
          ]),
        },
  );
  const [a, b] = await readRunningContainers(runner, {}, 'acme');
  expect(a).toMatchObject({
    image: 'acme/x:1',
    imageId: 'sha256:one',
    startedAt: '2026-11-21T12:00:00Z',
    environment: { A: 'b=c' },
  });
  expect(b).not.toHaveProperty('startedAt');
});

it('parseVariables: values may hold "=", or be missing', () => {
  expect(parseVariables(['A=1', 'B=x=y', 'C', 'D='])).toEqual({ A: '1', B: 'x=y', C: '', D: '' });
});

it('lists what outlives a container: named volumes and folders of the host', async () => {
  const mount = (Type: string, Destination: string, Name?: string) => ({ Type, Destination, Name });
  const Mounts = [
    mount('volume', '/named', 'shop_orders'),
    mount('volume', '/anonymous', 'a'.repeat(64)),
    mount('bind', '/host'),
    mount('tmpfs', '/memory'),
  ];
  const runner = recordingRunner((line) =>
    line.includes(' ls ')
      ? { stdout: 'a\n' }
      : { stdout: JSON.stringify([json('a', {}, { Mounts })]) },
  );
  const [container] = await readRunningContainers(runner, {}, 'acme');
  expect(container?.mounts).toEqual([
    { path: '/named', isKept: true },
    { path: '/anonymous', isKept: false },
    { path: '/host', isKept: true },
    { path: '/memory', isKept: false },
  ]);
});
