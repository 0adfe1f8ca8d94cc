import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that a system gives to outgoing connections (32768 and up on Linux): each of those takes one away. */
const FIRST = 20_000;
/** Vitest numbers the workers that run at a time: each has its own ports, from which nobody else takes. */
const PORTS_OF_A_WORKER = 600;
const WORKERS = 20;

const given = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on, and that no other test of this run gets. */
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

/** Whether nobody listens on a port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
