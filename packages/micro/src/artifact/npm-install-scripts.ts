import npa from 'npm-package-arg';
import type { NpmLockPackage } from './package-lock';

/** `allowScripts` of a root package.json: package specs, each approved (`true`) or denied (`false`). */
export type AllowScripts = Readonly<Record<string, boolean>>;

/** A package of the image that has an install script. */
interface Scripted {
  /** `bcrypt@6.0.0`, as a person knows it. */
  label: string;
  /** How an approval names it. */
  name: string;
  version: string;
  /** `resolved` of the workspace's lockfile; npm may be told to leave it out. */
  resolved: string | undefined;
  /** Where the image has it, if that is another place than the workspace's. */
  moved: string | undefined;
}

/**
 * The approvals of install scripts that the packages of an image need. npm 12 skips an install script
 * that the root package.json does not approve, with a warning and exit code 0: a native addon is then
 * not built, and the container ends at its start. Denied scripts are a decision, too, and stay denied.
 *
 * How npm 12.2.1 compares, and so do we (npm/rfcs#868, @npmcli/arborist's script-allowed.js):
 * a package of a registry counts by its name, or by exact versions if the lockfile says where it comes
 * from (`resolved`); an alias by the name behind it; a tarball and a git repository by its spec alone.
 *
 * @param packages the pruned lockfile's entries as the workspace has them, by place.
 * @param moved place -> `file:` spec of a packed package in the image.
 * @throws if a script is neither approved nor denied; all of them are named at once.
 */
export function pruneAllowScripts(
  packages: ReadonlyMap<string, NpmLockPackage>,
  moved: ReadonlyMap<string, string>,
  allowScripts: AllowScripts = {},
): AllowScripts | undefined {
  const kept = new Map<string, boolean>();
  const undecided: Scripted[] = [];
  for (const [place, entry] of packages) {
    if (!runsScript(entry)) continue;
    const one = scriptedOf(place, entry, moved.get(place));
    const decisions = Object.entries(allowScripts).filter(([spec]) => isAbout(spec, one));
    for (const [spec, allowed] of decisions) kept.set(one.moved ?? spec, allowed);
    if (decisions.length === 0) undecided.push(one);
  }
  if (undecided.length > 0) throw new Error(formatUndecided(undecided, allowScripts));
  if (kept.size === 0) return undefined;
  return Object.fromEntries([...kept].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A package within another's archive never runs a script, nor does one that is not for Linux. */
function runsScript({ hasInstallScript, inBundle, os }: NpmLockPackage): boolean {
  const systems = (os ?? []) as readonly string[];
  const allowed = systems.filter((system) => !system.startsWith('!'));
  const isForLinux =
    !systems.includes('!linux') && (allowed.length === 0 || allowed.includes('linux'));
  return hasInstallScript === true && inBundle !== true && isForLinux;
}

function scriptedOf(
  place: string,
  { name, version = '', resolved }: NpmLockPackage,
  moved: string | undefined,
): Scripted {
  const own = name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return { label: `${own}@${version}`, name: own, version, resolved, moved };
}

function isAbout(spec: string, one: Scripted): boolean {
  const parsed = parseSpec(spec);
  switch (parsed?.type) {
    case 'range':
    case 'version':
      return isOfRegistry(one.resolved) && parsed.name === one.name && isVersionOf(parsed, one);
    case 'file':
    case 'directory':
      return one.resolved !== undefined && isSameFile(parsed, parseSpec(one.resolved));
    case 'remote':
      return parsed.fetchSpec === one.resolved;
    case 'git':
      return one.resolved !== undefined && isSameRepository(parsed, parseSpec(one.resolved));
    default:
      return false;
  }
}

function parseSpec(spec: string): npa.Result | undefined {
  try {
    return npa(spec, '/');
  } catch {
    // npm passes over what it cannot read, with a warning of its own.
    return undefined;
  }
}

/** Without `resolved` it is one: npm leaves out the addresses of registries alone. */
function isOfRegistry(resolved: string | undefined): boolean {
  return resolved === undefined || /^https?:\/\/[^/]+\/.+\/-\/[^/]+-\d/.test(resolved);
}

/** Every version, or exact ones: npm refuses ranges such as `^1`, and cannot tell a version without `resolved`. */
function isVersionOf({ fetchSpec }: npa.Result, { version, resolved }: Scripted): boolean {
  if (fetchSpec === null || fetchSpec === undefined || ['', '*'].includes(fetchSpec)) return true;
  return (
    resolved !== undefined &&
    fetchSpec.split('||').some((one) => one.trim().replace(/^[v=]+/, '') === version)
  );
}

function isSameFile(a: npa.Result, b: npa.Result | undefined): boolean {
  return b !== undefined && a.fetchSpec === b.fetchSpec;
}

/** An approval may name a commit by its first digits, or none. */
function isSameRepository(approved: npa.Result, found: npa.Result | undefined): boolean {
  if (found?.type !== 'git') return false;
  const addressOf = ({ hosted, fetchSpec }: npa.Result) =>
    hosted ? [hosted.domain, hosted.user, hosted.project].join('/') : fetchSpec;
  if (addressOf(approved) !== addressOf(found)) return false;
  return (found.gitCommittish ?? '').startsWith(approved.gitCommittish ?? '');
}

function formatUndecided(undecided: readonly Scripted[], allowScripts: AllowScripts): string {
  const approvals = Object.fromEntries(undecided.map((one) => [approvalOf(one), true]));
  const pinned = undecided.filter(({ name, version, resolved }) => {
    return resolved === undefined && allowScripts[`${name}@${version}`] !== undefined;
  });
  return [
    `package.json does not approve the install scripts of ${undecided.map(({ label }) => label).join(', ')}. npm 12 skips such scripts, so the image would lack what they build.`,
    `Add "allowScripts": ${JSON.stringify(approvals)} to the package.json at the workspace root, or false for a script that is not needed.`,
    ...pinned.map(
      ({ label, name }) =>
        `The approval of ${label} does not count: package-lock.json does not say where the package comes from ("resolved"). Approve "${name}".`,
    ),
  ].join('\n');
}

/** What npm accepts as an approval of just this package. */
function approvalOf({ name, resolved }: Scripted): string {
  return resolved === undefined || isOfRegistry(resolved) ? name : resolved;
}
