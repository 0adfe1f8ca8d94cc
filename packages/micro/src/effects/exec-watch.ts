import type { Command } from '../docker/command';
import type { Exec } from '../docker/exec';
import type { EngineApi } from './engine-api';
import type { Outcome, Runner, RunOptions } from './process';

/** Milliseconds until the first question about a program, and then between two. Most programs end before the first. */
const FIRST_LOOK = 1_000;
const NEXT_LOOK = 5_000;
/** How many milliseconds a connection may stay open after its program ended, while nothing comes over it. */
export const OPEN_AFTER_END = 10_000;
/** The same if the engine never listed the program: it may not have come to starting it. */
export const OPEN_UNSEEN = 60_000;
const ANSWER = 10_000;

/**
 * Runs a program in a container by the client. Now and then, the connection to a program that has ended stays open, so
 * that the client would wait for ever: engines lose the end of a program. So the engine is asked whether it runs, and the
 * client of one that has ended is ended, too.
 */
export async function runExec(
  runner: Runner,
  engine: EngineApi,
  exec: Exec,
  command: Command,
  options: RunOptions,
): Promise<Outcome> {
  const stop = new AbortController();
  let moved = performance.now();
  const onBytes = (count: number) => {
    moved = performance.now();
    options.onBytes?.(count);
  };
  const client = runner.run(command, { ...options, stop: stopOf(options, stop), onBytes });
  const look = lookingAt(engine, exec);
  let end: ProgramEnd | undefined;
  let endedAt = 0;
  const watch = async () => {
    const isSlow = options.output?.writableNeedDrain === true;
    if (isSlow) moved = performance.now();
    const found = await look();
    if (found === 'unknown') return;
    if (found === 'runs') {
      end = undefined;
      return;
    }
    if (!end) endedAt = performance.now();
    end = found;
    const patience = end.wasSeen ? OPEN_AFTER_END : OPEN_UNSEEN;
    if (performance.now() - Math.max(endedAt, moved) >= patience) stop.abort();
  };
  const endWatch = repeat(watch);
  const outcome = await client.finally(endWatch);
  if (!stop.signal.aborted || !end) return outcome;
  const why =
    end.exitCode === undefined
      ? 'the engine lost the program: it is gone, but nobody knows how it ended'
      : `the program ended with exit code ${end.exitCode}, but the engine kept the connection to it open`;
  const words = outcome.stderr.trimEnd();
  return {
    ...outcome,
    exitCode: end.exitCode ?? LOST,
    stderr: `${words && `${words}\n`}${why}\n`,
  };
}

/** As docker exits if it could not run a command. */
const LOST = 125;

function stopOf({ stop }: RunOptions, own: AbortController): AbortSignal {
  return stop ? AbortSignal.any([stop, own.signal]) : own.signal;
}

/** Does something now and then. @returns what ends it. */
export function repeat(work: () => Promise<void>): () => void {
  let isOver = false;
  let timer: NodeJS.Timeout;
  const next = (pause: number) => {
    timer = setTimeout(() => {
      // An engine that does not answer for a moment says nothing about the program.
      void work()
        .catch(() => undefined)
        .then(() => {
          if (!isOver) next(NEXT_LOOK);
        });
    }, pause);
    timer.unref();
  };
  next(FIRST_LOOK);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** How a program ended; without an exit code if the engine knows nothing of it any more. */
interface ProgramEnd {
  exitCode?: number;
  /** Whether the engine ever listed it. */
  wasSeen: boolean;
}

/** What the engine says about a program. */
type Look = 'runs' | 'unknown' | ProgramEnd;

interface ExecState {
  Running: boolean;
  ExitCode: number | null;
  Pid?: number;
  ProcessConfig: { entrypoint: string; arguments?: readonly string[] | null };
}

function lookingAt(engine: EngineApi, { container, argv }: Exec): () => Promise<Look> {
  const here = `/containers/${encodeURIComponent(container)}`;
  let id: string | undefined;
  let wasListed = false;
  const ask = async <T>(path: string): Promise<{ status: number; body: T | undefined }> => {
    const { status, body } = await engine.ask({ method: 'GET', path }, { timeout: ANSWER });
    return { status, body: status === 200 ? (JSON.parse(body) as T) : undefined };
  };
  /** The ids of those that run in the container and are the same program. */
  const find = async (): Promise<readonly string[] | undefined> => {
    const { status, body } = await ask<{ ExecIDs?: readonly string[] | null }>(`${here}/json`);
    if (status === 404) return [];
    const ids = body?.ExecIDs ?? [];
    const states = await Promise.all(ids.map((one) => ask<ExecState>(`/exec/${one}/json`)));
    return body && ids.filter((_, index) => isSame(states[index]?.body, argv));
  };
  /** Whether the process is among those of the container; only of use if it was there before. */
  const isListed = async (pid: number) => {
    const { body } = await ask<{ Titles: readonly string[]; Processes: readonly string[][] }>(
      `${here}/top`,
    );
    const column = body?.Titles.indexOf('PID') ?? -1;
    if (!body || column < 0) return undefined;
    return body.Processes.some((row) => Number(row[column]) === pid);
  };
  return async () => {
    if (id === undefined) {
      const found = await find();
      // Of two alike, nobody can tell which one is meant.
      if (found?.length !== 1) return found?.length === 0 ? { wasSeen: false } : 'unknown';
      id = found[0]!;
    }
    const { status, body } = await ask<ExecState>(`/exec/${id}/json`);
    if (status === 404) return { wasSeen: true };
    if (!body) return 'unknown';
    // One that was not started yet is not running either.
    if (!body.Running)
      return body.ExitCode === null ? 'runs' : { exitCode: body.ExitCode, wasSeen: true };
    const listed = body.Pid ? await isListed(body.Pid) : undefined;
    if (listed) wasListed = true;
    return listed === false && wasListed ? { wasSeen: true } : 'runs';
  };
}

function isSame(state: ExecState | undefined, [program, ...rest]: readonly string[]): boolean {
  if (!state) return false;
  const { entrypoint, arguments: given } = state.ProcessConfig;
  return (
    entrypoint === program &&
    (given ?? []).length === rest.length &&
    rest.every((word, index) => given?.[index] === word)
  );
}
