import { installPackagesTask, type Tree } from '@nx/devkit';

/** Yarn's own name for its setting `enableImmutableInstalls`. */
const YARN_IMMUTABLE = 'YARN_ENABLE_IMMUTABLE_INSTALLS';

/** Installs what a generator added. */
export function installPackages(tree: Tree, always = false): void {
  allowNewLockfile(() => installPackagesTask(tree, always));
}

/**
 * Runs an install that is to change the lockfile. With `CI=true`, in a pipeline or a container of a person's own, Yarn refuses
 * that. Nx tells pnpm not to (`--no-frozen-lockfile`), but not Yarn. A value that a person has set is left.
 */
export function allowNewLockfile(install: () => void): void {
  if (process.env[YARN_IMMUTABLE] !== undefined) return install();
  process.env[YARN_IMMUTABLE] = 'false';
  try {
    install();
  } finally {
    delete process.env[YARN_IMMUTABLE];
  }
}
