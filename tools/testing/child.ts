import { spawn } from 'node:child_process';

export interface ChildOptions {
  cwd: string;
  /** The whole environment; by default that of this process. */
  env?: NodeJS.ProcessEnv;
  /** Gets each line of both streams as it comes. */
  onLine?: (line: string) => void;
  /** Keeps its standard input open, so that it can notice when this process ends. */
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

/** A program in its own process group, so that its child processes can be ended with it. */
export interface Child {
  /** Resolves however the program ends; rejects only if it could not be started. */
  ended: Promise<Ended>;
  /** Its output so far. */
  output: () => string;
  /** Whether any process of its group is left. */
  isAlive: () => boolean;
  /** Signals the whole group, like a terminal on Ctrl-C. Does nothing if no process is left. */
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

/** A program that failed. The message has all its output. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';

  constructor({ command, exitCode, output }: Ended) {
    super(`${command}\n${output}\n-> exit code ${exitCode ?? 'none (a signal)'}`);
  }
}

/** @throws {CommandFailed} if the exit code is not 0. */
export async function mustEnd(child: Child): Promise<string> {
  const ended = await child.ended;
  if (ended.exitCode !== 0) throw new CommandFailed(ended);
  return ended.output;
}

/** Ends everything that is left of the programs that were started here. */
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
