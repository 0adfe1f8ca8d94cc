import { FIRST_PORT } from './manifest';

/** The lowest port from 3001 upward that is not in `used`. */
export function nextFreePort(used: ReadonlySet<number>): number {
  let port = FIRST_PORT;
  while (used.has(port)) port++;
  return port;
}
