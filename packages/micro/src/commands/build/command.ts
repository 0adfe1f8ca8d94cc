import { join } from 'node:path';
import { buildArtifact } from '../../effects/bundle-artifact';
import { fileReader } from '../../effects/files';
import { MANIFEST_FILE, parseManifest } from '../../platform/manifest';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import { readOptions } from '../options';
import type { Shell } from '../shell';

export const BUILD_USAGE = `usage: micro build <project root>

  Bundles a service into dist/<project root> without Nx, as its Dockerfile does: the code, and the
  package.json and lockfile of the packages that cannot be bundled. Run it in the workspace root.

  There are no options. What is bundled and copied is set under "build" in service.yml.
`;

/** `micro build`: bundles a service without Nx, as its Dockerfile does. */
export async function buildCommand(
  args: readonly string[],
  { workspaceRoot, say }: Shell,
): Promise<number> {
  const { words } = readOptions(args, {}, BUILD_USAGE, { words: true });
  const [projectRoot, ...more] = words;
  if (projectRoot === undefined || more.length > 0) throw new UserError(BUILD_USAGE);
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
