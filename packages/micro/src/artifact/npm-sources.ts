import npa from 'npm-package-arg';
import { resolve, type NpmLockfile } from './package-lock';

/** What npm 12 fetches only if it is allowed: a repository, and an archive that no registry names. */
const GUARDED = { git: 'allow-git', remote: 'allow-remote' } as const;

type Guarded = keyof typeof GUARDED;

/** Settings of `.npmrc` that allow such sources. */
export type AllowedSources = Readonly<Record<Guarded, boolean>>;

/** Of a workspace that says nothing. */
export const NO_SOURCES: AllowedSources = { git: false, remote: false };

/** @param settingOf the value of a key of `.npmrc`. */
export function allowedSources(settingOf: (key: string) => string | undefined): AllowedSources {
  const isAllowed = (kind: Guarded) => ['all', 'root'].includes(settingOf(GUARDED[kind]) ?? 'none');
  return { git: isAllowed('git'), remote: isAllowed('remote') };
}

/**
 * npm 12 refuses packages from git and from the address of an archive unless a setting allows them, also in `npm ci` with
 * a lockfile that npm 11 wrote (findings/npm-12-locked-git-and-remote.sh). The npm of the image is that of its base.
 *
 * @param places the wanted packages' keys in the lockfile.
 * @throws naming each package that is not allowed, and the line that allows it.
 */
export function requireAllowedSources(
  lockfile: NpmLockfile,
  places: Iterable<string>,
  allowed: AllowedSources,
): void {
  const sources = guardedSources(lockfile);
  const problems = [...new Set(places)].sort().flatMap((place) => {
    const kind = sources.get(place);
    if (kind === undefined || allowed[kind]) return [];
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const from = kind === 'git' ? 'a git repository' : 'the address of an archive';
    return [`${name} comes from ${from}: add "${GUARDED[kind]}=all" to .npmrc`];
  });
  if (problems.length === 0) return;
  throw new Error(
    `npm 12, which newer Node images ship, does not install all that the image needs:\n${problems.join('\n')}`,
  );
}

/** The packages that are requested from such a source. */
function guardedSources(lockfile: NpmLockfile): ReadonlyMap<string, Guarded> {
  const found = new Map<string, Guarded>();
  for (const [from, entry] of Object.entries(lockfile.packages)) {
    const asked = {
      ...(entry['devDependencies'] as Record<string, string> | undefined),
      ...entry.optionalDependencies,
      ...entry.dependencies,
    };
    for (const [name, spec] of Object.entries(asked)) {
      // Ranges and tags have neither, and are nearly all.
      if (!/[/:]/.test(spec)) continue;
      const kind = kindOf(name, spec);
      const place = kind && resolve(lockfile, from, name);
      if (kind && place !== undefined) found.set(place, kind);
    }
  }
  return found;
}

function kindOf(name: string, spec: string): Guarded | undefined {
  try {
    const { type } = npa.resolve(name, spec);
    return type === 'git' || type === 'remote' ? type : undefined;
  } catch {
    return undefined;
  }
}
