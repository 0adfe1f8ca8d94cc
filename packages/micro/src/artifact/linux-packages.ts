/** A package and what it takes if the system is the right one. */
export interface OptionalNeeds {
  /** `sharp` */
  name: string;
  /** Names of its optional dependencies, as its own package.json has them. */
  optional: readonly string[];
  /** Whether the lockfile has one of them. */
  has: (name: string) => boolean;
}

/**
 * A native package often brings its program in one optional package per system, of which an
 * installation takes the fitting one. npm may leave out of a lockfile what does not fit the machine that
 * wrote it (npm/cli#4828, npm/cli#8320): on a Mac, all that an image needs. The image would be built
 * without a word, and the service would fail at its first use of the package.
 *
 * @throws for packages of which the lockfile has nothing for Linux, all of them at once.
 */
export function requireLinuxPackages(
  needs: readonly OptionalNeeds[],
  lockfile: keyof typeof ADVICE,
): void {
  const missing = needs.flatMap(({ name, optional, has }) => {
    const forLinux = optional.filter(isForLinux);
    return forLinux.length > 0 && !forLinux.some(has) ? [{ name, forLinux }] : [];
  });
  if (missing.length === 0) return;
  const lines = missing.map(
    ({ name, forLinux }) =>
      `${lockfile} has no Linux package for "${name}", which the image needs: none of ${forLinux.sort().slice(0, 3).join(', ')}${forLinux.length > 3 ? ', …' : ''}`,
  );
  throw new Error(`${[...new Set(lines)].sort().join('\n')}\n${ADVICE[lockfile]}`);
}

const ADVICE = {
  'package-lock.json':
    'The lockfile was written on another system beside an existing node_modules. Delete node_modules and package-lock.json, run npm install, and commit the new lockfile',
  'pnpm-lock.yaml':
    'Remove it from "ignoredOptionalDependencies", or delete node_modules and pnpm-lock.yaml and run pnpm install; then commit the new lockfile',
  'yarn.lock': 'Delete yarn.lock, run yarn install, and commit the new lockfile',
  'bun.lock': 'Delete node_modules and bun.lock, run bun install, and commit the new lockfile',
};

/** `@img/sharp-linux-x64`, `@img/sharp-libvips-linuxmusl-arm64`, `@esbuild/linux-x64` */
function isForLinux(name: string): boolean {
  return name.split(/[-/@._]/).some((part) => /^linux(?:musl|gnu)?$/.test(part));
}
