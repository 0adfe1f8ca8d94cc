import { spawn } from 'node:child_process';
import { LabError } from './program.js';

/** How a command ended. `stdout` and `stderr` contain its output up to then. */
export interface Outcome {
  kind: 'exited' | 'not-found' | 'timed-out';
  /** The exit code; `null` if a signal ended it or nothing ran. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds after which it is killed. Default ten minutes. */
  withinMs?: number;
  /** Milliseconds after which it is killed if it has printed nothing on stdout. */
  firstOutputWithinMs?: number;
}

/** Runs a command to its end. Never rejects because of the command: the outcome says how it ended. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: withSystemPath({ ...process.env, ...options.env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const outcome: Outcome = { kind: 'exited', code: null, stdout: '', stderr: '' };
    const end = () => {
      outcome.kind = 'timed-out';
      child.kill('SIGKILL');
    };
    const limit = setTimeout(end, options.withinMs ?? 600_000);
    const silence = options.firstOutputWithinMs && setTimeout(end, options.firstOutputWithinMs);
    const clear = () => {
      clearTimeout(limit);
      if (silence) clearTimeout(silence);
    };

    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (silence) clearTimeout(silence);
      outcome.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      outcome.stderr += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clear();
      if (error.code === 'ENOENT') resolve({ ...outcome, kind: 'not-found' });
      else reject(error);
    });
    child.on('close', (code) => {
      clear();
      resolve({ ...outcome, code });
    });
  });
}

/**
 * Runs a command that must succeed and returns its stdout.
 *
 * @throws LabError with the command and its last lines.
 */
export async function mustRun(
  command: string,
  args: string[],
  options: RunOptions = {},
): Promise<string> {
  const outcome = await run(command, args, options);
  if (succeeded(outcome)) return outcome.stdout;
  const said = lastLines(outcome.stdout + outcome.stderr, 20);
  throw new LabError(`\`${[command, ...args].join(' ')}\` ${formatEnd(outcome)}\n${said}`.trim());
}

export function succeeded(outcome: Outcome): boolean {
  return outcome.kind === 'exited' && outcome.code === 0;
}

/** The last non-empty lines of a text. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim())
    .slice(-count)
    .join('\n');
}

function formatEnd(outcome: Outcome): string {
  if (outcome.kind === 'not-found') return 'is not on the PATH';
  if (outcome.kind === 'timed-out') return 'took too long and was ended';
  return `ended with exit code ${outcome.code ?? 'none (a signal)'}`;
}

/** dockerd and debootstrap are in sbin, which is not always in the PATH of a root shell started by `su` or CI. */
export function withSystemPath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (process.platform !== 'linux') return env;
  return { ...env, PATH: `${env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}
