import { context, type Metafile } from 'esbuild';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bundleOptions } from '../artifact/bundle';
import { INSTALLED_PACKAGE } from '../artifact/installed-package';
import type { ArtifactRequest } from './artifact-request';
import { formatMessage, requireEntry, toArtifactError, type ArtifactError } from './artifact-error';
import { packagesToLeaveOut } from './bundle';
import { externalPackages } from './external-packages';
import { writeWhole } from './files';
import { compilersOnFirstUse } from './on-first-use';
import { sourceConditions } from './source-conditions';

/** Bundles a service for development and again after each change; `onBundle` gets each result. */
export async function watchBundle(
  request: Omit<ArtifactRequest, 'outputPath'> & { outfile: string },
  onBundle: (result: { error?: ArtifactError; warnings: readonly string[] }) => void,
): Promise<{ stop: () => Promise<void> }> {
  requireEntry(request);
  // esbuild watches the folders in which it looks for packages: creating one later would count as a change.
  await mkdir(dirname(request.outfile), { recursive: true });
  const leftOut = new Map<string, string>();
  const externals = externalPackages({
    workspaceRoot: request.workspaceRoot,
    declared: request.build.external,
    leftOut,
  });
  let looked = '';
  /** Whether the bundle has packages that cannot be in it, which the next one leaves out. */
  const isToRepeat = async (metafile: Metafile): Promise<boolean> => {
    const packages = installedPackages(metafile);
    // Nearly all changes bring no new package.
    if (packages === looked) return false;
    looked = packages;
    const more = await packagesToLeaveOut(request, metafile, externals.found, leftOut);
    for (const [folder, reason] of more) leftOut.set(folder, reason);
    return more.length > 0;
  };
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
      compilersOnFirstUse({ apart: false }),
      externals.plugin,
      {
        name: 'report',
        setup: ({ onEnd }) =>
          onEnd(async (result) => {
            const warnings = result.warnings.map(formatMessage);
            if (result.errors.length > 0) {
              return onBundle({ error: toArtifactError(request.projectRoot, result), warnings });
            }
            if (await isToRepeat(result.metafile!)) {
              // Not from within, because a build that is under way counts as the one that is asked for.
              setImmediate(() => void watcher.rebuild().catch(() => undefined));
              return;
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

/** The folders of the packages in a bundle, in one text. */
function installedPackages({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).map((file) => INSTALLED_PACKAGE.exec(file)?.[0] ?? '');
  return [...new Set(folders)].sort().join('\n');
}
