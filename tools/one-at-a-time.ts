import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 200;

/**
 * Runs `work` while no other process of this machine runs anything with the same name. Linux only: the lock is an
 * abstract socket, which disappears with its process, however that ends.
 */
export async function oneAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const server = createServer();
    try {
      server.listen(`\0micro-${name}`);
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await sleep(LOOK_AGAIN_MS);
      continue;
    }
    try {
      return await work();
    } finally {
      server.close();
      await once(server, 'close');
    }
  }
}
