import { describe, expect, it } from 'vitest';
import type { EngineRequest } from '../docker/engine-call';
import { LineBroken, type EngineApi } from './engine-api';
import { engineRunner } from './engine-runner';

const INSPECT = { file: 'docker', args: ['container', 'inspect', 'a'] };
const CLIENT = { exitCode: 7, stdout: 'of the client', stderr: '' };
const STOP = { file: 'docker', args: ['container', 'stop', 'a'] };

function setUp(answer: (request: EngineRequest) => unknown, client = CLIENT) {
  const run: string[] = [];
  const engines: unknown[] = [];
  const open = (address: object): EngineApi => {
    engines.push(address);
    return {
      ask: async (request) => {
        const body = await answer(request);
        return { status: 200, body: JSON.stringify(body) };
      },
      close: () => Promise.resolve(),
    };
  };
  const runner = engineRunner('/', open, {
    run: ({ file, args }) => {
      run.push([file, ...args].join(' '));
      return Promise.resolve(client);
    },
  });
  return { runner, run, engines };
}

const fail = (how: LineBroken['how']) => () => {
  throw new LineBroken('why', how);
};

describe('engineRunner', () => {
  it('asks the engine instead of starting the client, over one connection per engine', async () => {
    const { runner, run, engines } = setUp(({ path }) => path);
    const here = await runner.run(INSPECT);
    expect(here).toEqual({ exitCode: 0, stdout: '["/containers/a/json"]\n', stderr: '' });
    await runner.run(INSPECT);
    await runner.run({ file: 'docker', args: ['--context', 'far', ...INSPECT.args] });
    expect(engines).toEqual([{}, { context: 'far' }]);
    expect(run).toEqual([]);
  });

  it.each([
    ['another program', { file: 'git', args: ['container', 'inspect', 'a'] }, {}],
    ['an unknown command', { file: 'docker', args: ['pull', 'a'] }, {}],
    ['a command with input', { ...INSPECT, stdin: 'x' }, {}],
    ['a command with variables of its own', { ...INSPECT, env: { DOCKER_HOST: 'ssh://b' } }, {}],
    ['a command whose lines are wanted', INSPECT, { onLine: () => undefined }],
  ])('starts the program for %s', async (_, command, options) => {
    const { runner, run } = setUp(() => ({}));
    expect(await runner.run(command, options)).toBe(CLIENT);
    expect(run).toHaveLength(1);
  });

  it('starts the client for a program in a container, and watches it', async () => {
    const { runner, run, engines } = setUp(() => ({}));
    expect(await runner.run({ file: 'docker', args: ['container', 'exec', 'a', 'ls'] })).toBe(
      CLIENT,
    );
    expect(run).toEqual(['docker container exec a ls']);
    expect(engines).toEqual([{}]);
  });

  it.each(['unsent', 'lost'] as const)('lets the client ask if the line is %s', async (how) => {
    const { runner } = setUp(fail(how));
    expect(await runner.run(INSPECT)).toBe(CLIENT);
  });

  it('lets the client do what was not sent', async () => {
    const { runner, run } = setUp(fail('unsent'));
    expect(await runner.run(STOP)).toBe(CLIENT);
    expect(run).toEqual(['docker container stop a']);
  });

  it('stops trying to connect if that never worked', async () => {
    let tries = 0;
    const { runner } = setUp(() => {
      tries++;
      throw new LineBroken('unknown command: docker system dial-stdio', 'unsent');
    });
    for (let command = 0; command < 5; command++) expect(await runner.run(INSPECT)).toBe(CLIENT);
    expect(tries).toBe(2);
  });

  it('connects again to an engine that has answered before', async () => {
    let isDown = false;
    const { runner, run } = setUp(({ path }) => {
      if (isDown) throw new LineBroken('connection refused', 'unsent');
      return path;
    });
    await runner.run(INSPECT);
    isDown = true;
    for (let command = 0; command < 3; command++) await runner.run(INSPECT);
    isDown = false;
    expect(await runner.run(INSPECT)).toMatchObject({ exitCode: 0 });
    expect(run).toHaveLength(3);
  });

  it('does nothing twice if the connection was lost, and has the client say why', async () => {
    const { runner, run } = setUp(fail('lost'));
    expect(await runner.run(STOP)).toBe(CLIENT);
    expect(run).toEqual(['docker version --format {{.Server.Version}}']);
  });

  it('fails if the connection was lost, although the engine answers again', async () => {
    const { runner, run } = setUp(fail('lost'), { exitCode: 0, stdout: '28.5.2', stderr: '' });
    const { exitCode, stderr } = await runner.run(STOP);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'error during connect: why\n' });
    expect(run).toHaveLength(1);
  });

  it('does not begin anew with a command of several requests', async () => {
    const { runner, run } = setUp(fail('unsent'));
    await runner.run({ file: 'docker', args: ['container', 'start', 'a', 'b'] });
    expect(run).toEqual(['docker version --format {{.Server.Version}}']);
  });

  it('is late in the words that a late command has', async () => {
    const { runner, run } = setUp(() => {
      throw new LineBroken('deadline exceeded: no answer within 10 s', 'late');
    });
    const { exitCode, stderr } = await runner.run(INSPECT, { timeout: 10_000 });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'deadline exceeded: no answer within 10 s',
    });
    expect(run).toEqual([]);
  });

  it('tells of a signal as a command that it ended does', async () => {
    const { runner } = setUp(fail('stopped'));
    expect(await runner.run(INSPECT)).toMatchObject({ exitCode: 143, stderr: 'ended by SIGTERM' });
  });

  it('asks nothing once it is interrupted, and says why', async () => {
    const { runner, engines } = setUp(() => ({}));
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(runner.run(INSPECT, { signal })).rejects.toThrow('interrupted');
    expect(engines).toEqual([]);
  });
});
