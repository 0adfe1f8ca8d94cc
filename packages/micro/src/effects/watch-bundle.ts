import { context } from 'esbuild';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bundleOptions } from '../artifact/bundle';
import type { ArtifactRequest } from './artifact-request';
import { formatMessage, requireEntry, toArtifactError, type ArtifactError } from './artifact-error';
import { externalPackages } from './external-packages';
import { writeWhole } from './files';
import { sourceConditions } from './source-conditions';

/** Bundles a service for development and again after each change; `onBundle` gets each result. */
export async function watchBundle(
  request: Omit<ArtifactRequest, 'outputPath'> & { outfile: string },
  onBundle: (result: { error?: ArtifactError; warnings: readonly string[] }) => void,
): Promise<{ stop: () => Promise<void> }> {
  requireEntry(request);
  // esbuild watches the folders in which it looks for packages: creating one later would count as a change.
  await mkdir(dirname(request.outfile), { recursive: true });
  const externals = externalPackages({
    workspaceRoot: request.workspaceRoot,
    declared: request.build.external,
  });
  const watcher = await context({
    ...bundleOptions({
      workspaceRoot: request.workspaceRoot,
      entry: `${request.projectRoot}/${request.build.entry}`,
      outfile: request.outfile,
      conditions: sourceConditions(request.workspaceRoot),
      sourcemap: true,
    }),
    // If a bundle fails, esbuild removes the previous one, but the running process still needs it.
    write: false,
    plugins: [
      externals.plugin,
      {
        name: 'report',
        setup: ({ onEnd }) =>
          onEnd(async (result) => {
            const warnings = result.warnings.map(formatMessage);
            if (result.errors.length > 0) {
              return onBundle({ error: toArtifactError(request.projectRoot, result), warnings });
            }
            await writeWhole(request.outfile, result.outputFiles![0]!.text);
            onBundle({ warnings });
          }),
      },
    ],
  });
  await watcher.watch();
  return { stop: () => watcher.dispose() };
}
