import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a module in a separate process, because Node reads some of its environment only at startup. */
export async function runWith(env: Record<string, string>, code: string, argument: string) {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', code, argument];
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, ...env } });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, stdout };
}
