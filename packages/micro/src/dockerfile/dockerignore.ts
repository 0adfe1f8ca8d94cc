import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';

/** Below this line a Dockerfile.dockerignore is the person's. */
export const YOURS_MARKER = '# yours';

export interface DockerignoreFacts {
  projectRoot: string;
  /** Roots of the projects that the service is built from, direct and transitive. */
  libraryRoots: readonly string[];
  /** `workspaces` of the root package.json, or `packages` of pnpm-workspace.yaml. */
  workspaceGlobs: readonly string[];
  /** Files at the root that an installation and a build read: package.json, lockfile, tsconfig. */
  workspaceFiles: readonly string[];
}

/**
 * Never part of an image: these come last, and the last match decides. Folders are listed twice: if only the folder is
 * excluded and a glob above allows the file, BuildKit lets `packages/a/node_modules/b/package.json` through
 * (moby/patternmatcher skips a rule for a folder that is already excluded; tried with 26.1).
 */
const NEVER = [
  ...['node_modules', 'dist', 'coverage', '.git', '.nx'].flatMap((folder) => [
    `**/${folder}`,
    `**/${folder}/**`,
  ]),
  '**/*.tsbuildinfo',
  '**/.env*',
  '**/*.env',
];

/**
 * The allow-list of a service's build context. Packages are allowed by their glob, because `npm ci` needs every
 * package.json of the workspace. So a new service does not change the lists of others.
 *
 * @param current the file's text; lines below {@link YOURS_MARKER} are kept.
 */
export function renderDockerignore(facts: DockerignoreFacts, current = ''): string {
  const { projectRoot, libraryRoots, workspaceGlobs, workspaceFiles } = facts;
  return [
    '# Kept by `nx sync` from the project graph: what this image is built from, and nothing else.',
    '**',
    ...unique(workspaceFiles).map(allow),
    ...unique(workspaceGlobs.filter((glob) => !glob.startsWith('!')).map(manifestGlob)).map(allow),
    ...unique([projectRoot, ...libraryRoots]).map(allow),
    ...NEVER,
    '',
    `${YOURS_MARKER}: what follows is kept`,
    ...linesBelowMarker(current),
  ].join('\n');
}

/** @param path of the Dockerfile.dockerignore. */
export function deriveDockerignore(
  path: string,
  facts: DockerignoreFacts,
  current: string | undefined,
): DerivedFile {
  const text = renderDockerignore(facts, current?.replaceAll('\r\n', '\n'));
  if (current === undefined) return { path, text, drift: ['the file is missing'] };
  if (current.replaceAll('\r\n', '\n') === text) return { path, text: current, drift: [] };
  const is = current.split(/\r?\n/);
  const should = text.split('\n');
  const drift = [
    ...is.filter((line) => !should.includes(line)).map((line) => `"${line}" is not needed`),
    ...should.filter((line) => !is.includes(line)).map((line) => `"${line}" is missing`),
  ];
  return { path, text, drift: drift.length > 0 ? drift : ['the lines are in another order'] };
}

/** The paths that a list allows whole: files of the root, the service and its libraries. */
export function allowedPaths(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const marker = lines.findIndex((line) => line.startsWith(YOURS_MARKER));
  return lines
    .slice(0, marker < 0 ? lines.length : marker)
    .filter((line) => line.startsWith('!') && !line.endsWith('/package.json'))
    .map((line) => line.slice(1));
}

function linesBelowMarker(text: string): string[] {
  const lines = text.split('\n');
  const marker = lines.findIndex((line) => line.startsWith(YOURS_MARKER));
  return marker < 0 ? [''] : lines.slice(marker + 1);
}

function allow(path: string): string {
  return `!${path}`;
}

function manifestGlob(glob: string): string {
  return posix.join(glob, 'package.json');
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => posix.normalize(path).replace(/\/$/, '')))].sort();
}
