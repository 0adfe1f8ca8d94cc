import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { observedBy } from '../../compose/observability';
import { fileReader, listFiles } from '../../effects/files';
import { limitsOf, type Limit, type SourceText } from '../../lambda/limits';
import { MANIFEST_FILE, parseManifest } from '../../platform/manifest';
import type { Platform, Service } from '../../platform/platform';

/** What each service with `lambda: true` does otherwise as a function. */
export async function readFunctionLimits(
  workspaceRoot: string,
  { services }: Platform,
): Promise<Limit[]> {
  const read = fileReader(workspaceRoot);
  const found = await Promise.all(
    services
      .filter(({ lambda }) => lambda)
      .map(async (service) => {
        const file = posix.join(service.root, MANIFEST_FILE);
        const parsed = parseManifest(file, read(file) ?? '');
        if (!parsed.read) return [];
        const { traces } = observedBy(read(posix.join(service.root, 'package.json')));
        return limitsOf(parsed.read, await readSources(workspaceRoot, service), traces);
      }),
  );
  return found.flat();
}

async function readSources(workspaceRoot: string, { root }: Service): Promise<SourceText[]> {
  const folder = posix.join(root, 'src');
  if (!existsSync(join(workspaceRoot, folder))) return [];
  const read = fileReader(workspaceRoot);
  return (await listFiles(join(workspaceRoot, folder)))
    .filter((path) => /\.[cm]?[jt]s$/.test(path) && !/\.(?:spec|test)\.[cm]?[jt]s$/.test(path))
    .map((path) => posix.join(folder, path))
    .map((file) => ({ file, text: read(file) ?? '' }));
}
