import { freePort } from './free-port.js';

/**
 * Changes a Compose file to publish on free ports. A person would do the same if the derived ports are in use, because
 * all platforms start from the same numbers.
 *
 * @returns the text, and the new port by the old one.
 */
export async function withOwnPorts(
  text: string,
): Promise<{ text: string; ports: ReadonlyMap<number, number> }> {
  const ports = new Map<number, number>();
  for (const [, port] of text.matchAll(PUBLISHED)) ports.set(Number(port), await freePort());
  return {
    text: text.replace(PUBLISHED, (_, port: string) => `127.0.0.1:${ports.get(Number(port))}:`),
    ports,
  };
}

const PUBLISHED = /\b127\.0\.0\.1:(\d+):/g;
