import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeClock } from '../testing/service-task';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { OPEN_AFTER_END } from './exec-watch';
import { askInPod, dumpFromPod, restoreIntoPod } from './pod-exec';
import type { Outcome, RunOptions } from './process';
import type { Command } from '../docker/command';

afterEach(() => vi.useRealTimers());

const POD = (uid: string, containerID = 'a') =>
  JSON.stringify({
    metadata: { name: 'orders-database-0', uid, labels: {} },
    status: { containerStatuses: [{ name: 'orders-database', containerID }] },
  });
const GOOD: Outcome = { exitCode: 0, stdout: '', stderr: '' };
const CUT = { exitCode: 1, stdout: '', stderr: 'error: unexpected EOF\n' };

type Exec = (
  args: { mark: string; script: number; more: string[] },
  options: RunOptions,
  command: Command,
) => Promise<Outcome>;

/** A pod in which programs do as `exec` says, one after the other. */
function pod(execs: Exec[], pods: string[] = [POD('u1')]) {
  const lines: string[] = [];
  return {
    lines,
    ...{ clock: fakeClock(), pod: 'orders-database-0', container: 'orders-database' },
    cluster: {
      ...{ context: 'far', namespace: 'shop', file: 'environments/live.yml' },
      runner: {
        run: (command: Command, options: RunOptions = {}) => {
          const { args } = command;
          lines.push(args.slice(4).join(' '));
          if (args.includes('get')) {
            return Promise.resolve({ ...GOOD, stdout: pods.length > 1 ? pods.shift()! : pods[0]! });
          }
          const [mark, script, ...more] = args.slice(args.indexOf('-c') + 2);
          return execs.shift()!({ mark: mark!, script: Number(script), more }, options, command);
        },
      },
    },
  };
}

it('asks with the script on the standard input', async () => {
  const target = pod([
    (_, __, { args, stdin }) =>
      Promise.resolve({ ...GOOD, stdout: `${args.length} ${String(stdin)}` }),
  ]);
  expect((await askInPod(target, 'echo one')).stdout).toMatch(/ echo one$/);
});

describe('a dump', () => {
  const dump = async (exec: Exec, pods?: string[]) => {
    const output = new PassThrough();
    const written = text(output);
    written.catch(() => undefined);
    const target = pod([exec], pods);
    const outcome = await dumpFromPod(target, 'pg_dump', { output });
    return { ...outcome, written: outcome.isWhole ? await written : undefined };
  };

  it('is whole once its end came, however kubectl ends', async () => {
    const { isWhole, written } = await dump(async ({ mark }, { input, output }) => {
      output!.write(`bytes${mark}`);
      expect(await text(input!)).toBe('pg_dump');
      output!.end();
      return CUT;
    });
    expect([isWhole, written]).toEqual([true, 'bytes']);
  });

  it('is not whole if kubectl succeeds without it', async () => {
    const { isWhole, exitCode } = await dump((_, { output }) => {
      output!.end('bytes');
      return Promise.resolve(GOOD);
    });
    expect([isWhole, exitCode]).toEqual([false, 0]);
  });

  it.each([
    ['was replaced', [POD('u1'), POD('u2')], 'the pod orders-database-0 was replaced meanwhile'],
    ['is gone', [POD('u1'), ''], 'the pod orders-database-0 is gone'],
    ['was restarted', [POD('u1'), POD('u1', 'b')], 'was restarted meanwhile'],
  ])('says that its pod %s', async (_, pods, why) => {
    const { isWhole, stderr } = await dump((__, { output }) => {
      output!.end('byt');
      return Promise.resolve(CUT);
    }, pods);
    expect(isWhole).toBe(false);
    expect(stderr).toContain(`error: unexpected EOF\n`);
    expect(stderr).toContain(why);
  });

  it('does not wait for a pod that is gone', async () => {
    vi.useFakeTimers();
    const dumping = dump(
      (_, { output, stop }) =>
        new Promise((resolve) =>
          stop!.addEventListener('abort', () => output!.end(() => resolve(CUT))),
        ),
      [POD('u1'), ''],
    );
    await vi.advanceTimersByTimeAsync(1_000 + OPEN_AFTER_END + 5_000 + 5_000);
    expect(await dumping).toMatchObject({ isWhole: false, exitCode: 1 });
  });
});

describe('a program that ended while its connection stays open', () => {
  it('is not waited for', async () => {
    vi.useFakeTimers();
    const output = new PassThrough();
    output.resume();
    const asked: string[][] = [];
    const target = pod([
      (_, { output: to, stop }) =>
        new Promise((resolve) =>
          stop!.addEventListener('abort', () => to!.end(() => resolve({ ...CUT, stderr: '' }))),
        ),
      ...Array.from({ length: 20 }, (): Exec => ({ more }) => {
        asked.push(more);
        return Promise.resolve({ ...GOOD, stdout: 'ended\n' });
      }),
    ]);
    const dumping = dumpFromPod(target, 'pg_dump', { output });
    await vi.advanceTimersByTimeAsync(60_000);
    const { isWhole, stderr } = await dumping;
    expect([isWhole, stderr]).toEqual([
      false,
      'the program in the pod ended, but the connection to it stayed open',
    ]);
    expect(asked[0]).toHaveLength(1);
  });

  it('is waited for as long as it runs', async () => {
    vi.useFakeTimers();
    const output = new PassThrough();
    output.resume();
    let stopped = false;
    let end!: () => void;
    const target = pod([
      ({ mark }, { output: to, stop }) =>
        new Promise((resolve) => {
          stop!.addEventListener('abort', () => (stopped = true));
          end = () => to!.end(`bytes${mark}`, () => resolve(GOOD));
        }),
      ...Array.from(
        { length: 30 },
        (): Exec => () => Promise.resolve({ ...GOOD, stdout: 'runs\n' }),
      ),
    ]);
    const dumping = dumpFromPod(target, 'pg_dump', { output });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(stopped).toBe(false);
    end();
    await vi.advanceTimersByTimeAsync(100);
    expect((await dumping).isWhole).toBe(true);
  });
});

describe('a restore', () => {
  const path = () => `${temporaryWorkspace({ 'a.pgdump': 'all of the dump' })}/a.pgdump`;
  const restore = (execs: Exec[], options: { signal?: AbortSignal } = {}) => {
    const target = pod(execs);
    const given = { path: path(), bytes: 15, onBytes: () => undefined, ...options };
    return { target, outcome: restoreIntoPod(target, 'pg_restore', given) };
  };
  const NOTHING_LEFT: Exec = () => Promise.resolve(GOOD);

  it('sends the dump and its end, and succeeds once the script says so', async () => {
    let sent = '';
    let given: { mark: string; script: number; more: string[] } | undefined;
    const { outcome } = restore([
      async (args, { input, output }) => {
        given = args;
        sent = (await buffer(input!)).toString();
        output!.end(args.mark);
        return CUT;
      },
    ]);
    expect((await outcome).exitCode).toBe(0);
    expect(sent.slice(given!.script)).toBe(`all of the dump${given!.mark}`);
    expect(sent).toContain('pg_restore');
    expect(given!.more).toEqual(['15']);
  });

  it('does not believe that kubectl succeeded, and ends what may be left of it', async () => {
    let mark = '';
    let ended: string[] = [];
    const { outcome } = restore([
      async (args, { input, output }) => {
        mark = args.mark;
        await buffer(input!);
        output!.end();
        return GOOD;
      },
      ({ more }) => ((ended = more), Promise.resolve(GOOD)),
    ]);
    expect(await outcome).toMatchObject({ exitCode: 1, stderr: /before the restore did/ });
    expect(ended).toEqual([mark]);
  });

  it('stops sending once the script has failed', async () => {
    let sent = 0;
    const stderr = 'ERROR: no\ncommand terminated with exit code 3\n';
    const { outcome } = restore([
      async ({ script }, { input, output }) => {
        output!.write('failed\n');
        for await (const chunk of input!) sent += (chunk as Buffer).length;
        sent -= script;
        output!.end();
        return { exitCode: 3, stdout: '', stderr };
      },
    ]);
    expect((await outcome).exitCode).toBe(3);
    expect(sent).toBe(0);
  });

  it('leaves nothing to end if the program said how it ended', async () => {
    const stderr = 'ERROR: no\ncommand terminated with exit code 3\n';
    const { outcome } = restore([
      (_, { output }) => (output!.end(), Promise.resolve({ exitCode: 3, stdout: '', stderr })),
    ]);
    expect(await outcome).toMatchObject({ exitCode: 3, stderr });
  });

  it('ends it if it is interrupted', async () => {
    let ended = false;
    const { outcome } = restore([
      () => Promise.reject(new Error('aborted')),
      () => (
        (ended = true),
        NOTHING_LEFT({ mark: '', script: 0, more: [] }, {}, { file: '', args: [] })
      ),
    ]);
    await expect(outcome).rejects.toThrow('aborted');
    expect(ended).toBe(true);
  });
});
