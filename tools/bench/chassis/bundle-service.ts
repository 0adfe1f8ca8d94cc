import { build } from 'esbuild';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleOptions } from '../../../packages/micro/src/artifact/bundle.js';
import { ROOT } from '../../generated/file.js';

/**
 * Bundles a contender like `nx build` bundles a service. The result is what a container starts.
 *
 * @param folder gets the bundle.
 */
export async function bundleService(source: URL, folder: string): Promise<URL> {
  const entry = fileURLToPath(source);
  const outfile = join(folder, entry.replace(/^.*\/(.*)\.ts$/, '$1.mjs'));
  await build({
    ...bundleOptions({ workspaceRoot: ROOT, entry, outfile, conditions: [], sourcemap: false }),
    // A user's workspace has one version of it. This repository has an older one at the root, for other tools.
    alias: {
      pino: join(ROOT, 'packages/chassis/node_modules/pino'),
      // The same code. `nx build` leaves the package out, because it reads a file beside itself.
      '@platformatic/wasm-utils': join(
        ROOT,
        'node_modules/@platformatic/wasm-utils/dist/bundled.js',
      ),
    },
    external: ['pino-pretty'],
  });
  return pathToFileURL(outfile);
}
