import { flatName } from './flat-name';
import type { PnpmSettingsFiles } from './pnpm-lockfile-settings';
import { parseWorkspace } from './pnpm-lockfile-settings';

/** `patchedDependencies` of a lockfile: with pnpm 10 the path beside the hash, later the hash alone. */
export type LockedPatches = Readonly<Record<string, string | { hash: string; path: string }>>;

export interface PrunedPatches {
  /** Selector -> what the lockfile of the image says. */
  locked: Record<string, string | { hash: string; path: string }>;
  /** Selector -> the patch's name in the image. */
  settings: Record<string, string>;
  /** Name in the image -> path in the workspace. */
  files: Record<string, string>;
}

/**
 * The patches of some packages. They lie beside the package.json of the image.
 * @param keys of the lockfile, `is-number@7.0.0(patch_hash=cfee1c)`.
 * @throws if the settings have no file for a patch of the lockfile.
 */
export function prunePatches(
  keys: Iterable<string>,
  locked: LockedPatches,
  { packageJson, workspace }: PnpmSettingsFiles,
): PrunedPatches {
  const paths = {
    ...(packageJson?.pnpm?.['patchedDependencies'] as Record<string, string> | undefined),
    ...(parseWorkspace(workspace)['patchedDependencies'] as Record<string, string> | undefined),
  };
  const pruned: PrunedPatches = { locked: {}, settings: {}, files: {} };
  for (const key of [...keys].sort()) {
    const hash = /\(patch_hash=([^)]+)\)/.exec(key)?.[1];
    if (hash === undefined) continue;
    const [selector, patch] =
      Object.entries(locked).find(
        ([, one]) => (typeof one === 'string' ? one : one.hash) === hash,
      ) ?? [];
    const path = selector === undefined ? undefined : paths[selector];
    if (selector === undefined || patch === undefined || path === undefined) {
      throw new Error(
        `${key} is patched, and "patchedDependencies" of pnpm-workspace.yaml does not name its patch: run pnpm install and commit the lockfile`,
      );
    }
    const name = flatName(path);
    pruned.files[name] = path;
    pruned.settings[selector] = name;
    pruned.locked[selector] = typeof patch === 'string' ? patch : { hash, path: name };
  }
  return pruned;
}
