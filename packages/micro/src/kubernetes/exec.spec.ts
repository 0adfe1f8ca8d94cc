import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { DUMP_TOOLS } from '../docker/dump';
import {
  END_RUN,
  IS_RUNNING,
  programFailure,
  scriptArguments,
  wholeInput,
  withoutLog,
} from './exec';

const target = { pod: 'orders-database-0', container: 'orders-database' };

/** Runs what `kubectl exec` would run in a container; `sent` is what arrives there after the script. */
function run(script: string, sent: string, more: readonly string[] = [], arrived = script) {
  const args = scriptArguments(target, script, 'THE-MARK', ...more);
  const [program, ...rest] = args.slice(args.indexOf('--') + 1);
  return spawnSync(program!, rest, { input: arrived + sent, encoding: 'utf8' });
}

it('names the container, and has no script among the arguments', () => {
  const args = scriptArguments(target, 'echo one', 'THE-MARK', '7');
  expect(args.slice(0, 5)).toEqual([
    ...['exec', '--stdin', 'orders-database-0', '--container', 'orders-database'],
  ]);
  expect(args.slice(-3)).toEqual(['THE-MARK', '8', '7']);
  expect(args.join(' ')).not.toContain('echo one');
});

it.each(Object.entries(DUMP_TOOLS))('counts the scripts of %s in bytes', (_, tools) => {
  for (const script of [tools.version, tools.dump, wholeInput(tools.restore)]) {
    expect(script.length).toBe(Buffer.byteLength(script));
    expect(script).toBe(script.trimEnd());
  }
});

describe('a script', () => {
  it('reads what comes behind it', () => {
    const { stdout, status } = run('read -r word; echo "$0 $2 $word"', 'hello\n', ['two']);
    expect([stdout, status]).toEqual(['THE-MARK two hello\n', 0]);
  });

  it('fails if any part of a pipe does', () => {
    expect(run('false | cat', '').status).toBe(1);
  });

  it('is not run if it breaks off', () => {
    const script = 'echo one; echo two';
    const { stdout, status } = run(script, '', [], 'echo one');
    expect([stdout, status]).toEqual(['', 1]);
  });
});

describe('a restore', () => {
  const DUMP = 'a dump\nof two lines\n';
  const restore = (script: string, sent: string) =>
    run(wholeInput(script), sent, [String(DUMP.length)]);

  it('gets the dump alone, and says that all of it came', () => {
    const { stdout, status } = restore('cat >&2', `${DUMP}THE-MARK`);
    expect([stdout, status]).toEqual(['THE-MARK', 0]);
    expect(restore('cat >&2', `${DUMP}THE-MARK`).stderr).toBe(DUMP);
  });

  it.each([
    ['nothing', ''],
    ['a part of the dump', DUMP.slice(0, -1)],
    ['a whole line of it', 'a dump\n'],
    ['the dump without its end', DUMP],
    ['a part of its end', `${DUMP}THE-MAR`],
    ['another file than was checked', `${DUMP}moreTHE-MARK`],
  ])('fails if there came %s', (_, sent) => {
    const { stdout, stderr, status } = restore('cat > /dev/null', sent);
    expect([stdout, stderr, status]).toEqual([
      'failed\n',
      'the end of the dump did not arrive\n',
      1,
    ]);
  });

  it('fails as its program does, and reads the rest for nothing', () => {
    const { stdout, stderr, status } = restore('echo no >&2; exit 3', `${DUMP}THE-MARK`);
    expect([stdout, stderr, status]).toEqual(['failed\n', 'no\n', 3]);
  });

  it('succeeds if its program does not read all of it, and with one that replaces the shell', () => {
    expect(restore('head -n 1 > /dev/null', `${DUMP}THE-MARK`).stdout).toBe('THE-MARK');
    expect(restore('exec cat > /dev/null', `${DUMP}THE-MARK`).stdout).toBe('THE-MARK');
  });
});

it.runIf(process.platform === 'linux')(
  'ends what is left of a restore, and nothing else',
  async () => {
    const start = (mark: string) => {
      const child = spawn('sleep', ['300'], { env: { ...process.env, MICRO_RUN: mark } });
      return {
        child,
        ended: new Promise<unknown>((resolve) => child.once('exit', (_, by) => resolve(by))),
      };
    };
    const [left, other] = [start('mine'), start('mine-too')];
    try {
      const isRunning = () => run(IS_RUNNING, '', ['mine']).stdout;
      expect(isRunning()).toBe('runs\n');
      expect(run(END_RUN, '', ['mine']).status).toBe(0);
      expect(isRunning()).toBe('ended\n');
      expect(await left.ended).toBe('SIGTERM');
      expect(other.child.exitCode).toBeNull();
      expect(other.child.signalCode).toBeNull();
    } finally {
      left.child.kill('SIGKILL');
      other.child.kill('SIGKILL');
    }
  },
);

it('leaves out what kubectl logs', () => {
  const log =
    'E1129 16:40:58.881052    6201 v2.go:151] "Copying stdout failed" err="read message"\n';
  const words = 'error: error reading from error stream: unexpected EOF\n';
  expect(withoutLog(`${log}${log}${words}`)).toBe(words);
  expect(withoutLog('ERROR:  relation "E1129" exists')).toBe('ERROR:  relation "E1129" exists');
});

describe('how a program ended', () => {
  const outcome = (stderr: string) => programFailure({ exitCode: 1, stdout: 'out', stderr });

  it.each([
    ['FATAL: no\ncommand terminated with exit code 2\n', { exitCode: 2, stderr: 'FATAL: no\n' }],
    ['command terminated with exit code 137', { exitCode: 137, stderr: '' }],
    [
      'no\ncommand terminated with exit code 137\nthe pod is gone',
      { exitCode: 137, stderr: 'no\nthe pod is gone' },
    ],
  ])('%j', (stderr, expected) => {
    expect(outcome(stderr)).toEqual({ stdout: 'out', ...expected });
  });

  it.each([
    'error: unexpected EOF',
    'Error from server (NotFound): pods "orders-database-0" not found',
    'he said: command terminated with exit code 3, and left',
  ])('is not known from %j', (stderr) => {
    expect(outcome(stderr)).toBeUndefined();
  });
});
