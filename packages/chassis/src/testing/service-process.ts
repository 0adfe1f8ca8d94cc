import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../../tools/testing/free-port.js';

const EXAMPLE = fileURLToPath(new URL('example-service.ts', import.meta.url));

export type ServiceProcess = Awaited<ReturnType<typeof startExample>>;

/** Runs the example service until it listens. The caller must end it. */
export async function startExample(variables: Record<string, string> = {}) {
  const port = variables.PORT ?? String(await freePort());
  const child = spawn(process.execPath, ['--import', 'tsx', EXAMPLE], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: port,
      ...variables,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const url = `http://${variables.HOST ?? '127.0.0.1'}:${port}`;
  while (child.exitCode === null && !output.includes('Server listening')) await sleep(20);
  return {
    url,
    port: Number(port),
    exited,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    output: () => output,
    messages: () =>
      output
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
