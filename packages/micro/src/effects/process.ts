import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../platform/user-error';
import { formatCommand, type Command } from '../docker/command';

export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Gets each line of both streams as it comes. */
  onLine?: (line: string) => void;
  /** The outcome has no output: it went to `onLine`, and there may be no end of it. */
  keepNothing?: boolean;
  signal?: AbortSignal;
  /** Milliseconds after which the program is ended. */
  timeout?: number;
  /** What ends it, then and on `signal`; SIGTERM unless given. */
  killSignal?: NodeJS.Signals;
  /** Read to its end by the program, byte by byte; instead of a command's `stdin`. */
  input?: Readable;
  /** Gets the standard output, byte by byte; the outcome has none of it. */
  output?: Writable;
  /** In a process group of its own, where a terminal's Ctrl-C does not reach it. */
  detached?: boolean;
}

/** Whatever carries commands out: the operating system, or a recorder in tests. */
export interface Runner {
  run(command: Command, options?: RunOptions): Promise<Outcome>;
}

/** A program that could not be started at all. */
export class SpawnError extends UserError {
  override readonly name = 'SpawnError';

  constructor(
    readonly command: Command,
    override readonly cause: NodeJS.ErrnoException,
  ) {
    super(
      cause.code === 'ENOENT'
        ? `"${command.file}" was not found on the PATH: install it`
        : `Could not start ${formatCommand(command)}: ${cause.message}`,
    );
  }
}

/** Runs commands for real, in `cwd`; a non-zero exit code is an outcome, not an error. */
export function processRunner(cwd: string): Runner {
  return {
    run: (
      command,
      { onLine, keepNothing, signal, timeout, killSignal, detached, input, output } = {},
    ) =>
      new Promise((resolve, reject) => {
        const takesInput = input !== undefined || command.stdin !== undefined;
        const child = spawn(command.file, command.args, {
          cwd,
          env: { ...process.env, ...command.env },
          stdio: [takesInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
          signal,
          timeout,
          killSignal,
          detached,
          windowsHide: true,
        });
        const stdout = output ? undefined : collect(child.stdout!, onLine, keepNothing);
        const streamed = Promise.all([
          output && pipeline(child.stdout!, output),
          input && feed(input, child.stdin!),
        ]);
        // Heard once the program ended, which it does without its streams.
        streamed.catch(() => undefined);
        const stderr = collect(child.stderr!, onLine, keepNothing);
        child.on('error', (cause) => reject(new SpawnError(command, cause)));
        child.on('close', (code, ended) => {
          const why = ended ? `\n${endedBy(ended, child.killed ? timeout : undefined)}` : '';
          const outcome = {
            exitCode: code ?? 1,
            stdout: stdout?.end() ?? '',
            stderr: stderr.end() + why,
          };
          streamed.then(() => resolve(outcome), reject);
        });
        if (command.stdin !== undefined && !input) {
          // A program that ends before it read its input is judged by its exit code.
          child.stdin!.on('error', () => undefined);
          child.stdin!.end(command.stdin);
        }
      }),
  };
}

/** Fails if reading the input fails. A program that ends before it read all of it is judged by its exit code. */
function feed(input: Readable, stdin: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    input.once('error', (error) => {
      stdin.destroy();
      reject(error);
    });
    stdin.on('error', () => undefined);
    stdin.once('close', () => {
      input.destroy();
      resolve();
    });
    input.pipe(stdin);
  });
}

/** A program that was ended has no last words of its own. */
function endedBy(signal: NodeJS.Signals, timeout: number | undefined): string {
  return timeout === undefined
    ? `ended by ${signal}`
    : `deadline exceeded: no answer within ${timeout / 1000} s`;
}

function collect(
  stream: NodeJS.ReadableStream,
  onLine?: (line: string) => void,
  keepNothing = false,
) {
  const chunks: string[] = [];
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (!keepNothing) chunks.push(chunk);
    if (!onLine) return;
    const lines = (rest + chunk).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  return {
    end: () => {
      if (onLine && rest !== '') onLine(rest);
      return chunks.join('');
    },
  };
}
