import { parseManifest, type Manifest } from './manifest';
import type { Entry, ManifestFile } from './platform-rule';
import { RULES } from './platform-rules';
import { PlatformError, type Problem } from './problem';

/** A service of the platform: its manifest, and what the project graph calls it. */
export interface Service extends Manifest {
  name: string;
  /** Project root relative to the workspace root, with forward slashes. */
  root: string;
}

/** All services of a workspace, sorted by name. */
export interface Platform {
  name: string;
  services: readonly Service[];
}

/**
 * Builds the model from all manifests.
 * @throws {PlatformError} with every problem of every manifest at once.
 */
export function parsePlatform(name: string, files: readonly ManifestFile[]): Platform {
  const { platform, problems } = checkPlatform(name, files);
  if (problems.length > 0) throw new PlatformError(problems);
  return platform;
}

/** Like {@link parsePlatform}, but returns the problems beside the services that could be parsed. */
export function checkPlatform(
  name: string,
  files: readonly ManifestFile[],
): { platform: Platform; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const read: Entry[] = [];
  for (const file of [...files].sort((a, b) => compare(a.name, b.name))) {
    const parsed = parseManifest(file.file, file.text);
    problems.push(...parsed.problems);
    if (parsed.read) read.push({ file, ...parsed.read });
  }
  for (const rule of RULES) problems.push(...rule(read, files));
  return {
    platform: {
      name,
      services: read.map(({ file, manifest }) => ({
        ...manifest,
        name: file.name,
        root: file.root,
      })),
    },
    problems: problems.sort((a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0)),
  };
}

/** The service called `name`. @throws if it does not exist: check links first. */
export function serviceNamed(platform: Platform, name: string): Service {
  const service = platform.services.find((candidate) => candidate.name === name);
  if (!service) throw new Error(`No service "${name}" in the platform "${platform.name}"`);
  return service;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
