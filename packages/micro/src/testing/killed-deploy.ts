import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineWorkspace } from './engine-workspace';

const TSX = require.resolve('tsx/cli');

/** The moment at which a deploy is ended: before or after the n-th docker command that matches. */
export interface Moment {
  when: 'before' | 'after';
  /** An extended regular expression over the arguments. */
  command: string;
  nth?: number;
  signal?: 'KILL' | 'TERM' | 'INT';
}

/**
 * A docker client that ends whoever started it at one moment, in the middle of its work as seen from
 * there: no code of the deploy runs any more.
 */
const CLIENT = `#!/bin/sh
hit=no
if printf '%s' "$*" | grep -Eq "$END_COMMAND"; then
  echo . >> "$END_COUNT"
  if [ "$(wc -l < "$END_COUNT")" -eq "$END_NTH" ]; then hit=yes; fi
fi
if [ $hit = yes ] && [ "$END_WHEN" = before ]; then
  kill -"$END_SIGNAL" $PPID
  if [ "$END_SIGNAL" = KILL ]; then exit 137; fi
fi
"$END_DOCKER" "$@"
code=$?
if [ $hit = yes ] && [ "$END_WHEN" = after ]; then kill -"$END_SIGNAL" $PPID; fi
exit $code
`;

/** Runs a deploy in a process of its own and ends it at that moment. */
export async function deployUntil(
  workspace: EngineWorkspace,
  service: string,
  { when, command, nth = 1, signal = 'KILL' }: Moment,
  options: object = {},
): Promise<{ exitCode: number | null; ended: NodeJS.Signals | null; output: string }> {
  const bin = join(workspace.root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'docker'), CLIENT);
  chmodSync(join(bin, 'docker'), 0o755);
  const count = join(bin, 'count');
  writeFileSync(count, '');
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
        END_DOCKER: execFileSync('which', ['docker'], { encoding: 'utf8' }).trim(),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, ended) => resolve({ exitCode, ended, output }));
  });
}
