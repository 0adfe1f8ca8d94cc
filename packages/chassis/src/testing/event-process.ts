import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const WORKER = fileURLToPath(new URL('event-worker.ts', import.meta.url));
const SAYS_WITHIN_MS = 60_000;

/** Runs the worker until it has started. */
export async function startEventProcess(variables: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', WORKER], {
    env: { PATH: process.env.PATH, ...variables },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(([code, signal]) => (signal ?? code) as string | number);
  const says = async (text: string): Promise<void> => {
    const until = Date.now() + SAYS_WITHIN_MS;
    while (!output.includes(text)) {
      if (Date.now() > until || child.exitCode !== null) {
        throw new Error(`it did not say "${text}" but: ${output}`);
      }
      await sleep(20);
    }
  };
  await says('started');
  return {
    says,
    exited,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
