import { nameOfSelector, parseWorkspace, type PnpmSettingsFiles } from './pnpm-lockfile-settings';

/** Lists of packages about which a decision was taken, up to pnpm 10. */
const LISTS = ['ignoredBuiltDependencies', 'neverBuiltDependencies', 'onlyBuiltDependencies'];

/**
 * Checks that somebody decided about each install script. pnpm 10 skips one that nobody approved, with a warning and exit
 * code 0: a native addon is then not built, and the container ends at its start. pnpm 11 refuses it by itself.
 *
 * Tried with pnpm 10.34.9, 11.28.11 and 12.21.0: a package of a registry counts by its name or by exact versions; a packed
 * package and a git repository only by the whole key of the lockfile, `packed@file:vendor/packed-1.0.0.tgz`.
 *
 * @param scripted keys of the lockfile whose packages have an install script.
 * @throws for all scripts that are neither approved nor denied.
 */
export function requireDecidedBuilds(
  scripted: readonly string[],
  { packageJson, workspace }: PnpmSettingsFiles,
): void {
  const files = [packageJson?.pnpm ?? {}, parseWorkspace(workspace)];
  if (files.some(allowsAll)) return;
  const decided = files.flatMap(decisions);
  const undecided = scripted.filter((key) => !decided.some((selector) => isAbout(selector, key)));
  if (undecided.length === 0) return;
  const approvals = undecided.map((key) => `  ${JSON.stringify(approvalOf(key))}: true`);
  throw new Error(
    [
      `pnpm-workspace.yaml does not approve the install scripts of ${undecided.join(', ')}. pnpm skips such scripts, so the image would lack what they build.`,
      'Add to pnpm-workspace.yaml, with false for a script that is not needed:',
      'allowBuilds:',
      ...approvals,
    ].join('\n'),
  );
}

/** Whether somebody decided about the install scripts of a package, be it about some of its versions only. */
export function hasDecisionAbout(
  name: string,
  { packageJson, workspace }: PnpmSettingsFiles,
): boolean {
  const files = [packageJson?.pnpm ?? {}, parseWorkspace(workspace)];
  if (files.some(allowsAll)) return true;
  return files
    .flatMap(decisions)
    .some((selector) =>
      selector.includes('*') ? isMatch(selector, name) : nameOfSelector(selector) === name,
    );
}

function allowsAll(settings: Readonly<Record<string, unknown>>): boolean {
  return settings['dangerouslyAllowAllBuilds'] === true;
}

function decisions(settings: Readonly<Record<string, unknown>>): string[] {
  const listed = LISTS.flatMap((key) => (settings[key] as string[] | undefined) ?? []);
  // pnpm 11 itself writes "set this to true or false" for a package that waits for a decision.
  const mapped = Object.entries((settings['allowBuilds'] as object | undefined) ?? {}).filter(
    ([, decision]) => typeof decision === 'boolean',
  );
  return [...listed, ...mapped.map(([selector]) => selector)];
}

function isAbout(selector: string, key: string): boolean {
  if (selector === key) return true;
  if (!isOfRegistry(key)) return false;
  const name = nameOfSelector(key);
  if (selector.includes('*')) return isMatch(selector, name);
  if (nameOfSelector(selector) !== name) return false;
  const versions = selector.slice(name.length + 1);
  return (
    versions === '' || versions.split('||').some((version) => `${name}@${version.trim()}` === key)
  );
}

/** `@acme/*` */
function isMatch(pattern: string, name: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.at(-1) ?? '';
  return name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end);
}

/** `core-js@3.40.0`, and neither `packed@file:packed.tgz` nor `a@https://codeload.github.com/…`. */
function isOfRegistry(key: string): boolean {
  return !/[:/]/.test(key.slice(nameOfSelector(key).length + 1));
}

function approvalOf(key: string): string {
  return isOfRegistry(key) ? nameOfSelector(key) : key;
}
