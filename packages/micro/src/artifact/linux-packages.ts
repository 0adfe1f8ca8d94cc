import { folderOf, resolve, type NpmLockfile } from './package-lock';

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

/** Processors in names of packages, by those in names of platforms. */
const PROCESSORS: Readonly<Record<string, string>> = {
  amd64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  386: 'ia32',
  ppc64le: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
};

/**
 * The same for the processors that an image is built for: a `package-lock.json` that was written in a container on a Mac
 * has what Linux on arm64 needs, and nothing for amd64. Packages that have nothing for a processor are left out.
 *
 * @param lockfile the one that the image installs from.
 * @param platforms `linux/amd64`
 * @throws for all packages at once.
 */
export function requirePlatformPackages(lockfile: NpmLockfile, platforms: readonly string[]): void {
  const missing = platforms.flatMap((platform) => {
    const processor = PROCESSORS[platform.split('/')[1] ?? ''];
    return Object.entries(lockfile.packages).flatMap(([place, entry]) => {
      const fitting = Object.keys(entry.optionalDependencies ?? {})
        .filter((name) => isForLinux(name) && processorsIn(name).includes(processor ?? ''))
        .sort();
      if (fitting.length === 0 || fitting.some((name) => resolve(lockfile, place, name))) return [];
      const name = place.slice(folderOf(place).length);
      return `package-lock.json has no package for ${platform} of "${name}", which the image needs: none of ${fitting.slice(0, 3).join(', ')}`;
    });
  });
  if (missing.length === 0) return;
  throw new Error(`${[...new Set(missing)].sort().join('\n')}\n${ADVICE['package-lock.json']}`);
}

function processorsIn(name: string): string[] {
  const known = new Set(Object.values(PROCESSORS));
  return name.split(/[-/@._]/).filter((part) => known.has(part));
}

const ADVICE = {
  'package-lock.json':
    'The lockfile was written on another system or processor beside an existing node_modules. Delete node_modules and package-lock.json, run npm install, and commit the new lockfile',
  'pnpm-lock.yaml':
    'Remove it from "ignoredOptionalDependencies", or delete node_modules and pnpm-lock.yaml and run pnpm install; then commit the new lockfile',
  'yarn.lock': 'Delete yarn.lock, run yarn install, and commit the new lockfile',
  'bun.lock': 'Delete node_modules and bun.lock, run bun install, and commit the new lockfile',
};

/** `@img/sharp-linux-x64`, `@img/sharp-libvips-linuxmusl-arm64`, `@esbuild/linux-x64` */
function isForLinux(name: string): boolean {
  return name.split(/[-/@._]/).some((part) => /^linux(?:musl|gnu)?$/.test(part));
}
