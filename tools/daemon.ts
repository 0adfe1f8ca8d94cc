import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, withSystemPath } from './command.js';
import { LabError } from './program.js';

export interface Daemon {
  command: string;
  args: string[];
  /** Its stdout and stderr are appended here. */
  logFile: string;
  /** Whether it is ready; checked every 100 ms. */
  answers: () => Promise<boolean>;
  /** Milliseconds until it must be ready. */
  withinMs: number;
}

/** If it ends, how long another one (started at the same time by someone else) may take to become ready. */
const GRACE_MS = 3_000;

/**
 * Starts a daemon in its own session, so that it outlives this process, and waits until it is ready.
 *
 * @throws LabError with the last lines of its log if it does not get ready.
 */
export async function startDaemon(daemon: Daemon): Promise<ChildProcess> {
  mkdirSync(dirname(daemon.logFile), { recursive: true });
  const log = openSync(daemon.logFile, 'a');
  const logStart = statSync(daemon.logFile).size;
  let ended: string | undefined;
  let child: ChildProcess;
  try {
    child = spawn(daemon.command, daemon.args, {
      cwd: '/',
      env: withSystemPath(process.env),
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.on('error', (error) => (ended = error.message));
    child.on('exit', (code, signal) => (ended = `it ended with ${code ?? signal}`));
    child.unref();
  } finally {
    closeSync(log);
  }

  let deadline = Date.now() + daemon.withinMs;
  let graceGiven = false;
  while (Date.now() < deadline) {
    if (await daemon.answers()) return child;
    if (ended && !graceGiven) {
      deadline = Math.min(deadline, Date.now() + GRACE_MS);
      graceGiven = true;
    }
    await sleep(100);
  }
  const said = readFileSync(daemon.logFile).subarray(logStart).toString('utf8');
  const why = ended ?? `no answer after ${daemon.withinMs / 1000} s`;
  throw new LabError(
    `${daemon.command} does not work: ${why}. Its log, ${daemon.logFile}, ends with:\n${lastLines(said, 15)}`,
  );
}
