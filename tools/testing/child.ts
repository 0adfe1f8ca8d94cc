import { spawn } from 'node:child_process';

export interface ChildOptions {
  cwd: string;
  /** The whole environment; this process's own unless given. */
  env?: NodeJS.ProcessEnv;
  /** Gets each line of both streams as it comes. */
  onLine?: (line: string) => void;
  /** Keeps its stdin open, so that it can notice when this process is no more. */
  leash?: boolean;
}

export interface Ended {
  /** `$ nx affected -t docker-build` */
  command: string;
  /** `null` if a signal ended it. */
  exitCode: number | null;
  /** Both streams in the order in which they came. */
  output: string;
}

/** A program in its own process group, so that what it started can be ended with it. */
export interface Child {
  /** Resolves however the program ends; rejects only if it could not be started. */
  ended: Promise<Ended>;
  /** What it has said by now. */
  output: () => string;
  /** Whether any process of its group is left. */
  isAlive: () => boolean;
  /** To the whole group, as a terminal does on Ctrl-C; does nothing if none is left. */
  signal: (signal: NodeJS.Signals) => void;
}

const living = new Set<Child>();
process.once('exit', () => living.forEach((child) => child.signal('SIGKILL')));

export function startChild(
  program: string,
  args: readonly string[],
  { cwd, env = process.env, onLine, leash = false }: ChildOptions,
): Child {
  const process_ = spawn(program, args, {
    cwd,
    env,
    stdio: 'pipe',
    detached: true,
  });
  if (!leash) process_.stdin.end();
  let output = '';
  const listen = (stream: NodeJS.ReadableStream) => {
    const lines = onLine && lineReader(onLine);
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      lines?.(text);
    });
  };
  listen(process_.stdout);
  listen(process_.stderr);
  const command = ['$', program.replace(/^.*\//, ''), ...args].join(' ');
  const child: Child = {
    ended: new Promise((resolve, reject) => {
      process_.on('error', reject);
      process_.on('close', (exitCode) => resolve({ command, exitCode, output }));
    }),
    output: () => output,
    isAlive: () => signalGroup(process_.pid, 0),
    signal: (signal) => void signalGroup(process_.pid, signal),
  };
  living.add(child);
  const forget = () => living.delete(child);
  child.ended.then(forget, forget);
  return child;
}

/** A program that did not do what it was asked to. The message has all that it said. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';

  constructor({ command, exitCode, output }: Ended) {
    super(`${command}\n${output}\n-> exit code ${exitCode ?? 'none (a signal)'}`);
  }
}

/** @throws {CommandFailed} if it ends with anything but exit code 0. */
export async function mustEnd(child: Child): Promise<string> {
  const ended = await child.ended;
  if (ended.exitCode !== 0) throw new CommandFailed(ended);
  return ended.output;
}

/** Ends whatever is left of all programs that were started here. */
export function endAllChildren(signal: NodeJS.Signals): void {
  living.forEach((child) => child.signal(signal));
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function lineReader(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
}
