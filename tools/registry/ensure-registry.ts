import { readHost } from '../debian/host.js';
import { LabError } from '../program.js';
import { findRegistryImage, startRegistryContainer } from './container.js';
import { startDebianRegistry } from './debian-registry.js';
import { probeRegistry } from './probe.js';

export interface Registry {
  /** `127.0.0.1:5000`, the start of image references. Docker uses plain HTTP for it. */
  host: string;
}

/**
 * An image registry on 127.0.0.1 at port 5000, or at MICRO_REGISTRY_PORT: the one that is running, or a container, or,
 * as root on Debian, Debian's own. One that is started here allows deleting. Needs an engine.
 *
 * @throws LabError if another program uses the port or no registry can be started.
 */
export async function ensureRegistry(): Promise<Registry> {
  const port = parsePort(process.env['MICRO_REGISTRY_PORT'] ?? '5000');
  const host = `127.0.0.1:${port}`;
  const answer = await probeRegistry(host);
  if (answer === 'registry') return { host };
  if (answer === 'something-else') {
    throw new LabError(
      `Port ${port} is taken by something that is not an image registry: ` +
        `end it, or set MICRO_REGISTRY_PORT to a free port.`,
    );
  }
  await startRegistry(port);
  return { host };
}

/** `registry  127.0.0.1:5000` */
export function formatRegistry({ host }: Registry): string {
  return `registry  ${host}`;
}

async function startRegistry(port: number): Promise<void> {
  const image = await findRegistryImage();
  if (image) return startRegistryContainer(image, port);
  const { debian, root } = readHost();
  if (debian && root) return startDebianRegistry(port);
  throw new LabError(
    'No image registry: registry:2 is not here and cannot be pulled. Load it with `docker load`, or run a registry ' +
      `on 127.0.0.1:${port} yourself.`,
  );
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new LabError(`MICRO_REGISTRY_PORT is "${text}": it has to be a port, 1 to 65535.`);
}
