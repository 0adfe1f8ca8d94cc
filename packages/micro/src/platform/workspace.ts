import { MANIFEST_FILE } from './manifest';
import { toServiceName, withoutScope } from './name';
import { parsePlatform, type Platform } from './platform';
import type { ManifestFile } from './platform-rule';
import { parseYaml } from './yaml-source';

export const ROOT_COMPOSE_FILE = 'compose.yaml';

/** Reads a file by its path relative to the workspace root; `undefined` if there is none. */
export type ReadFile = (path: string) => string | undefined;

/** What the model needs of an Nx project. */
export interface ProjectLocation {
  name: string;
  /** Relative to the workspace root. */
  root: string;
}

/** Builds the platform of a workspace from its projects and a file reader (disk or Nx tree). */
export function readPlatform(projects: Iterable<ProjectLocation>, read: ReadFile): Platform {
  return parsePlatform(readPlatformName(read), readManifestFiles(projects, read));
}

/** The `service.yml` of every project. A project without one is not a service. */
export function readManifestFiles(
  projects: Iterable<ProjectLocation>,
  read: ReadFile,
): ManifestFile[] {
  return [...projects].flatMap(({ name, root }) => {
    const file = `${root}/${MANIFEST_FILE}`;
    const text = read(file);
    return text === undefined ? [] : [{ name, root, file, text }];
  });
}

/** The platform's name: `name:` of the root compose.yaml, else the workspace package's scope or name. */
export function readPlatformName(read: ReadFile): string {
  const compose = read(ROOT_COMPOSE_FILE);
  const value = compose ? parseYaml(ROOT_COMPOSE_FILE, compose).source?.value : undefined;
  const recorded = (value as { name?: unknown } | undefined)?.name;
  if (typeof recorded === 'string' && recorded !== '') return recorded;
  const { name = '' } = JSON.parse(read('package.json') ?? '{}') as { name?: string };
  return (
    toServiceName(name.startsWith('@') ? name.slice(1, name.indexOf('/')) : withoutScope(name)) ||
    'platform'
  );
}

/**
 * The scope of the root package, or else the platform's name. There always is one: an unscoped package called `redis`
 * would hide the npm package of that name from the whole workspace.
 */
export function readPackageScope(platform: string, read: ReadFile): string {
  const { name = '' } = JSON.parse(read('package.json') ?? '{}') as { name?: string };
  return name.startsWith('@') ? name.slice(1, name.indexOf('/')) : platform;
}
