import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineApi } from './engine-api';
import { OPEN_AFTER_END, OPEN_UNSEEN, runExec } from './exec-watch';
import type { Outcome, RunOptions } from './process';

const EXEC = { address: {}, container: 'a', argv: ['bash', '-c', 'pg_dump', 'mark'] };
const COMMAND = { file: 'docker', args: ['container', 'exec', 'a', ...EXEC.argv] };
const GOOD: Outcome = { exitCode: 0, stdout: 'all', stderr: '' };

const running = { Running: true, ExitCode: null as number | null, Pid: 77 };
const ended = (ExitCode: number) => ({ ...running, Running: false, ExitCode });
type State = typeof running;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** What an engine says, which can be changed while the client waits. */
interface Engine {
  ids: string[] | null;
  state: State | undefined;
  pids: number[];
  isGone: boolean;
  isSilent: boolean;
}

function setUp(said: Partial<Engine> = {}) {
  const engine = {
    ...{ ids: ['other', 'ours'], state: running, pids: [5, 77], isGone: false, isSilent: false },
    ...said,
  } as Engine;
  const asked: string[] = [];
  const answer = (body: unknown) => ({
    status: body === undefined ? 404 : 200,
    body: JSON.stringify(body ?? { message: 'no such thing' }),
  });
  const api: EngineApi = {
    ask: async ({ path }) => {
      asked.push(path);
      await Promise.resolve();
      if (engine.isSilent) throw new Error('no answer');
      const config = (words: readonly string[]) => ({
        ProcessConfig: { entrypoint: words[0], arguments: words.slice(1) },
      });
      switch (path) {
        case '/containers/a/json':
          return answer(engine.isGone ? undefined : { ExecIDs: engine.ids });
        case '/containers/a/top':
          return answer({
            Titles: ['UID', 'PID', 'CMD'],
            Processes: engine.pids.map((pid) => ['root', String(pid), 'x']),
          });
        case '/exec/ours/json':
          return answer(engine.state && { ...engine.state, ...config(EXEC.argv) });
        default:
          return answer({ ...running, ...config(['bash', '-c', 'pg_dump', 'another']) });
      }
    },
    close: () => Promise.resolve(),
  };
  let options: RunOptions = {};
  let end: (outcome: Outcome) => void = () => undefined;
  const runner = {
    run: (_: unknown, given: RunOptions = {}) => {
      options = given;
      return new Promise<Outcome>((resolve) => {
        end = resolve;
        given.stop!.addEventListener('abort', () => resolve({ ...GOOD, exitCode: 1 }));
      });
    },
  };
  let outcome: Outcome | undefined;
  const run = (more: RunOptions = {}) => {
    void runExec(runner, api, EXEC, COMMAND, more).then((one) => (outcome = one));
  };
  return {
    ...{ engine, asked, run },
    bytes: () => options.onBytes!(1),
    end: () => end(GOOD),
    outcome: () => outcome,
    seconds: (count: number) => vi.advanceTimersByTimeAsync(count * 1000),
  };
}

const PATIENCE = OPEN_AFTER_END / 1000;

describe('runExec', () => {
  it('asks nothing about a program that ends soon, and nothing more after its end', async () => {
    const { run, end, asked, outcome, seconds } = setUp();
    run();
    await seconds(0.5);
    end();
    await seconds(60);
    expect(outcome()).toEqual(GOOD);
    expect(asked).toEqual([]);
  });

  it('waits for a program that runs, as long as it takes', async () => {
    const { run, end, outcome, seconds } = setUp();
    run();
    await seconds(3600);
    expect(outcome()).toBeUndefined();
    end();
    await seconds(1);
    expect(outcome()).toEqual(GOOD);
  });

  it.each([0, 3])('ends the client of a program that ended with %d', async (exitCode) => {
    const { run, engine, outcome, seconds } = setUp();
    run();
    await seconds(2);
    engine.state = ended(exitCode);
    await seconds(PATIENCE);
    expect(outcome()).toBeUndefined();
    await seconds(11);
    expect(outcome()).toEqual({
      ...{ exitCode, stdout: 'all' },
      stderr: `the program ended with exit code ${exitCode}, but the engine kept the connection to it open\n`,
    });
  });

  it('gives it time while something comes, or nobody takes what came', async () => {
    const output = new PassThrough({ highWaterMark: 1 });
    const { run, engine, outcome, seconds, bytes } = setUp();
    run({ output });
    await seconds(2);
    engine.state = ended(0);
    for (let second = 0; second < 60; second++) {
      bytes();
      await seconds(1);
    }
    output.write('xx');
    await seconds(60);
    expect(outcome()).toBeUndefined();
    output.read();
    await seconds(PATIENCE + 10);
    expect(outcome()).toMatchObject({ exitCode: 0 });
  });

  const LOST = /^the engine lost the program: it is gone, but nobody knows how it ended\n$/;

  it.each<[string, Partial<Engine>]>([
    ['the engine has forgotten it', { state: undefined }],
    ['the engine takes it for running, but its process is gone', { pids: [5] }],
  ])('ends the client if %s', async (_, now) => {
    const { run, engine, outcome, seconds } = setUp();
    run();
    await seconds(2);
    Object.assign(engine, now);
    await seconds(PATIENCE + 10);
    expect(outcome()).toMatchObject({ exitCode: 125 });
    expect(outcome()!.stderr).toMatch(LOST);
  });

  it.each<[string, Partial<Engine>]>([
    ['it ended before the engine was asked', { ids: ['other'] }],
    ['the container is gone', { isGone: true }],
  ])('is more patient if %s', async (_, said) => {
    const { run, outcome, seconds } = setUp(said);
    run();
    await seconds(OPEN_UNSEEN / 1000 - 5);
    expect(outcome()).toBeUndefined();
    await seconds(15);
    expect(outcome()!.stderr).toMatch(LOST);
  });

  it.each<[string, Partial<Engine>]>([
    ['does not answer', { isSilent: true }],
    ['has two alike', { ids: ['ours', 'ours'] }],
    ['was not asked to start it yet', { state: { ...running, Running: false } }],
    ['counts processes in another way', { pids: [1, 2] }],
  ])('ends nothing if the engine %s', async (_, said) => {
    const { run, outcome, seconds } = setUp(said);
    run();
    await seconds(600);
    expect(outcome()).toBeUndefined();
  });
});
