import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineWorkspace } from './engine-workspace';

const TSX = require.resolve('tsx/cli');

/**
 * The moment at which a deploy is ended: before, during or after the n-th docker command that matches;
 * during it, the command and `then` run at the same time.
 */
export interface Moment {
  when: 'before' | 'during' | 'after';
  /** An extended regular expression over the arguments. */
  command: string;
  nth?: number;
  signal?: 'KILL' | 'TERM' | 'INT';
  /** What happens instead of a signal. The deploy waits for it and continues. */
  then?: () => Promise<void>;
}

/**
 * A docker client that kills the deploy that called it at one moment. For the deploy, this is in the middle of its
 * work: no more of its code runs.
 */
const CLIENT = `#!/bin/sh
happen() {
  if [ -z "$END_REACHED" ]; then
    kill -"$END_SIGNAL" $PPID
    if [ "$END_SIGNAL$END_WHEN" = KILLbefore ]; then exit 137; fi
    return
  fi
  : > "$END_REACHED"
  while [ -e "$END_REACHED" ]; do sleep 0.02; done
}
hit=no
if printf '%s' "$*" | grep -Eq "$END_COMMAND"; then
  echo . >> "$END_COUNT"
  if [ "$(wc -l < "$END_COUNT")" -eq "$END_NTH" ]; then hit=yes; fi
fi
if [ $hit = yes ] && [ "$END_WHEN" = before ]; then happen; fi
if [ $hit = yes ] && [ "$END_WHEN" = during ]; then
  "$END_DOCKER" "$@" &
  happen
  wait $!
else
  "$END_DOCKER" "$@"
fi
code=$?
if [ $hit = yes ] && [ "$END_WHEN" = after ]; then happen; fi
exit $code
`;

/** Runs a deploy in a process of its own and ends it at that moment. */
export async function deployUntil(
  workspace: EngineWorkspace,
  service: string,
  { when, command, nth = 1, signal = 'KILL', then }: Moment,
  options: object = {},
): Promise<{ exitCode: number | null; ended: NodeJS.Signals | null; output: string }> {
  const bin = join(workspace.root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'docker'), CLIENT);
  chmodSync(join(bin, 'docker'), 0o755);
  const count = join(bin, 'count');
  writeFileSync(count, '');
  const reached = join(bin, 'reached');
  const program = join(__dirname, 'deploy-process.ts');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', program, workspace.root, service, JSON.stringify(options)],
    {
      cwd: join(TSX, '../../../..'),
      env: {
        ...process.env,
        PATH: `${bin}:${process.env['PATH']}`,
        END_COMMAND: command,
        END_COUNT: count,
        END_NTH: String(nth),
        END_WHEN: when,
        END_SIGNAL: signal,
        END_REACHED: then ? reached : '',
        END_DOCKER: execFileSync('which', ['docker'], { encoding: 'utf8' }).trim(),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let isOver = false;
  const ending = new Promise<Awaited<ReturnType<typeof deployUntil>>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, ended) => {
      isOver = true;
      resolve({ exitCode, ended, output });
    });
  });
  if (then) {
    while (!existsSync(reached) && !isOver) await sleep(20);
    if (isOver) throw new Error(`the deploy ended before that moment:\n${output}`);
    try {
      await then();
    } finally {
      rmSync(reached);
    }
  }
  return ending;
}
