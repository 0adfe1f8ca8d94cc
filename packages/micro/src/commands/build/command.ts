import { join } from 'node:path';
import { buildArtifact } from '../../effects/bundle-artifact';
import { fileReader } from '../../effects/files';
import { MANIFEST_FILE, parseManifest } from '../../platform/manifest';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import type { Shell } from '../shell';

export const BUILD_USAGE = 'usage: micro build <project root>\n';

/** `micro build`: bundles a service without Nx, as its Dockerfile does. */
export async function buildCommand(
  [projectRoot]: readonly string[],
  { workspaceRoot, say }: Shell,
): Promise<number> {
  if (projectRoot === undefined) throw new UserError(BUILD_USAGE);
  const root = projectRoot.replace(/\/+$/, '');
  const file = `${root}/${MANIFEST_FILE}`;
  const text = fileReader(workspaceRoot)(file);
  if (text === undefined) {
    throw new UserError(
      `${join(workspaceRoot, file)} does not exist: run this in the root of the workspace`,
    );
  }
  const { read, problems } = parseManifest(file, text);
  if (!read) throw new PlatformError(problems);
  const outputPath = `dist/${root}`;
  const { warnings } = await buildArtifact({
    workspaceRoot,
    projectRoot: root,
    build: read.manifest.build,
    outputPath,
  });
  for (const warning of warnings) say(`${root}  warning: ${warning}`);
  say(`${root} -> ${outputPath}`);
  return 0;
}
