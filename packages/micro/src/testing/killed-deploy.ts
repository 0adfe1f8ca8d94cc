import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessMoment } from './moment-runner';

const TSX = require.resolve('tsx/cli');

/**
 * The moment at which a deploy is ended: before, during or after the n-th command of its engine that matches;
 * during it, the command and `then` run at the same time.
 */
export interface Moment {
  when: 'before' | 'during' | 'after';
  /** A regular expression over the arguments. */
  command: string;
  nth?: number;
  signal?: 'KILL' | 'TERM' | 'INT';
  /** What happens instead of a signal. The deploy waits for it and continues. */
  then?: () => Promise<void>;
}

/** How a deploy in a process of its own is started. */
interface KilledDeploy {
  /** Of the workspace. */
  root: string;
  /** The file beside this one that deploys. */
  program?: string;
}

/** Runs a deploy in a process of its own and ends it at that moment. */
export async function deployUntil(
  { root, program = 'deploy-process.ts' }: KilledDeploy,
  service: string,
  { when, command, nth = 1, signal = 'KILL', then }: Moment,
  options: object = {},
): Promise<{ exitCode: number | null; ended: NodeJS.Signals | null; output: string }> {
  const reached = join(mkdtempSync(join(tmpdir(), 'micro-moment-')), 'reached');
  const moment: ProcessMoment = { when, command, nth, signal, ...(then ? { reached } : {}) };
  const args = [root, service, JSON.stringify(options), JSON.stringify(moment)];
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, program), ...args], {
    cwd: join(TSX, '../../../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let isOver = false;
  const ending = new Promise<Awaited<ReturnType<typeof deployUntil>>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, ended) => {
      isOver = true;
      rmSync(dirname(reached), { recursive: true });
      resolve({ exitCode, ended, output });
    });
  });
  if (then) {
    while (!existsSync(reached) && !isOver) await sleep(20);
    if (isOver) throw new Error(`the deploy ended before that moment:\n${output}`);
    try {
      await then();
    } finally {
      rmSync(reached, { force: true });
    }
  }
  return ending;
}
