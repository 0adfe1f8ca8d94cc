import { installPackagesTask, type Tree } from '@nx/devkit';

/** The environment variable for Yarn's setting `enableImmutableInstalls`. */
const YARN_IMMUTABLE = 'YARN_ENABLE_IMMUTABLE_INSTALLS';

/** Installs what a generator added to package.json. */
export function installPackages(tree: Tree, always = false): void {
  allowNewLockfile(() => installPackagesTask(tree, always));
}

/**
 * Runs an install that must change the lockfile. With `CI=true`, such as in a pipeline, Yarn refuses that. For pnpm, Nx
 * passes `--no-frozen-lockfile`; for Yarn, it does nothing. A value that a person has set is kept.
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
