import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { globSync } from 'tinyglobby';
import { MANIFEST_FILE } from '../platform/manifest';
import { withoutScope } from '../platform/name';
import type { ProjectLocation, ReadFile } from '../platform/workspace';

/** The projects that have a manifest. Read from files only, without Nx. */
export function findServiceProjects(workspaceRoot: string, read: ReadFile): ProjectLocation[] {
  return globSync(`**/${MANIFEST_FILE}`, {
    cwd: workspaceRoot,
    ignore: ['**/node_modules/**', '**/dist/**', '**/tmp/**'],
  })
    .map((file) => posix.dirname(file))
    .sort()
    .flatMap((root) => {
      const name = projectName(root, read);
      return name === undefined ? [] : [{ name, root }];
    });
}

/** The nearest folder at or above `folder` that has an nx.json; `folder` itself if there is none. */
export function findWorkspaceRoot(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'nx.json'))) return at;
    if (dirname(at) === at) return folder;
  }
}

/** The Nx name of the project in `root`; `undefined` if there is no project. */
function projectName(root: string, read: ReadFile): string | undefined {
  const project = parse<{ name?: string }>(read(`${root}/project.json`));
  if (project?.name) return project.name;
  const manifest = parse<{ name?: string; nx?: { name?: string } }>(read(`${root}/package.json`));
  return manifest?.nx?.name ?? (manifest?.name && withoutScope(manifest.name));
}

function parse<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
