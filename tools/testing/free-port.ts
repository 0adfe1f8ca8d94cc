import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that a system uses for outgoing connections (from 32768 on Linux), which could take one away. */
const FIRST = 20_000;
/** Vitest numbers the workers that run in parallel. Each has its own range of ports. */
const PORTS_OF_A_WORKER = 600;
const WORKERS = 20;

const given = new Set<number>();

/** A free port of 127.0.0.1 that no other test of this run gets. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS;
  const start = randomInt(PORTS_OF_A_WORKER);
  for (let step = 0; step < PORTS_OF_A_WORKER; step++) {
    const offset = (start + step) % PORTS_OF_A_WORKER;
    const port = FIRST + worker * PORTS_OF_A_WORKER + offset;
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  const first = FIRST + worker * PORTS_OF_A_WORKER;
  throw new Error(`127.0.0.1: no port from ${first} to ${first + PORTS_OF_A_WORKER - 1} is free`);
}

/** Whether a port of 127.0.0.1 is free now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
