import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../platform/user-error';
import { formatCommand, type Command, type Outcome } from '../docker/command';

export type { Outcome };

export interface RunOptions {
  /** Gets each line of both streams as it comes. */
  onLine?: (line: string) => void;
  /** Keep no output: it went to `onLine`, and may never end. */
  keepNothing?: boolean;
  signal?: AbortSignal;
  /** Kills the program; unlike with `signal`, what it did until then is an outcome. */
  stop?: AbortSignal;
  /** Milliseconds after which the program is ended. */
  timeout?: number;
  /** The signal that ends it, after the time is up or on `signal`. SIGTERM by default. */
  killSignal?: NodeJS.Signals;
  /** The program's standard input as a stream of bytes, instead of a command's `stdin`. */
  input?: Readable;
  /** Gets the standard output as bytes. The outcome then contains none of it. */
  output?: Writable;
  /** Is told of bytes that were read from `input` or came for `output`. */
  onBytes?: (count: number) => void;
  /** Run it in a process group of its own, so that Ctrl-C in a terminal does not reach it. */
  detached?: boolean;
}

/** Runs commands: on the operating system, or a recorder in tests. */
export interface Runner {
  run(command: Command, options?: RunOptions): Promise<Outcome>;
}

/** The program could not be started at all. */
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

/** Runs commands in `cwd`. A non-zero exit code is an outcome, not an error. */
export function processRunner(cwd: string): Runner {
  return {
    run: (
      command,
      { onLine, keepNothing, signal, timeout, killSignal, detached, ...streams } = {},
    ) =>
      new Promise((resolve, reject) => {
        const { input, output, onBytes, stop } = streams;
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
        const kill = () => child.kill('SIGKILL');
        if (stop?.aborted) kill();
        stop?.addEventListener('abort', kill);
        if (onBytes) {
          const count = ({ length }: Buffer) => onBytes(length);
          if (output) child.stdout!.on('data', count);
          input?.on('data', count);
        }
        const stdout = output ? undefined : collect(child.stdout!, onLine, keepNothing);
        const streamed = Promise.all([
          output && pipeline(child.stdout!, output),
          input && feed(input, child.stdin!),
        ]);
        // The rejection is handled in 'close'. If a stream fails, the program loses it and ends soon.
        streamed.catch(() => undefined);
        const stderr = collect(child.stderr!, onLine, keepNothing);
        child.on('error', (cause) => reject(new SpawnError(command, cause)));
        child.on('close', (code, ended) => {
          stop?.removeEventListener('abort', kill);
          const why =
            ended && !stop?.aborted
              ? `\n${endedBy(ended, child.killed ? timeout : undefined)}`
              : '';
          const outcome = {
            exitCode: code ?? 1,
            stdout: stdout?.end() ?? '',
            stderr: stderr.end() + why,
          };
          streamed.then(() => resolve(outcome), reject);
        });
        if (command.stdin !== undefined && !input) {
          // If a program ends before it has read its input, only its exit code counts.
          child.stdin!.on('error', () => undefined);
          child.stdin!.end(command.stdin);
        }
      }),
  };
}

/** Fails if the input cannot be read. If a program ends before it has read everything, only its exit code counts. */
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

/** A program that was killed has no message of its own. */
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
