import { FIRST_PORT, type Manifest } from './manifest';

/** All ports that a service listens on. */
export function portsOf({ port, grpcPort }: Pick<Manifest, 'port' | 'grpcPort'>): number[] {
  return grpcPort === undefined ? [port] : [port, grpcPort];
}

/** The lowest port from 3001 upward that is not in `used`. */
export function nextFreePort(used: ReadonlySet<number>): number {
  let port = FIRST_PORT;
  while (used.has(port)) port++;
  return port;
}
