import { parse } from 'yaml';
import { addressWithoutCredentials } from './npmrc';

/** Where pnpm keeps its settings: up to version 10 also in the root's package.json. */
export interface PnpmSettingsFiles {
  packageJson?: { pnpm?: Record<string, unknown> };
  /** Text of pnpm-workspace.yaml. */
  workspace?: string;
}

/** Settings about packages by name: which may run install scripts, and which are excepted from a policy. */
const PER_PACKAGE = [
  'allowBuilds',
  'ignoredBuiltDependencies',
  'minimumReleaseAgeExclude',
  'neverBuiltDependencies',
  'onlyBuiltDependencies',
  'trustPolicyExclude',
];

/**
 * The same for all packages. pnpm 11 checks each entry of a frozen lockfile against the age and trust
 * policies, and has a minimum age of 24 hours if no setting says otherwise (pnpm/pnpm#11583).
 */
const FOR_ALL = [
  'blockExoticSubdeps',
  'dangerouslyAllowAllBuilds',
  'minimumReleaseAge',
  'minimumReleaseAgeIgnoreMissingTime',
  'minimumReleaseAgeStrict',
  'strictDepBuilds',
  'trustLockfile',
  'trustPolicy',
  'trustPolicyIgnoreAfter',
];

/** Where packages come from: one address, or one for each scope. */
const REGISTRIES = ['namedRegistries', 'registries', 'registry'];

/**
 * The settings that decide whether a frozen install is accepted, which install scripts run and from where packages
 * come, as far as they are about `names`. Each stays in the file in which it was, so that every version of pnpm
 * reads what it knows.
 *
 * @throws if the address of a registry contains a credential.
 */
export function pruneSettings(
  { packageJson, workspace }: PnpmSettingsFiles,
  names: ReadonlySet<string>,
): { packageJson?: Record<string, unknown>; workspace?: Record<string, unknown> } {
  return {
    packageJson: prune(packageJson?.pnpm ?? {}, names),
    workspace: prune(parseWorkspace(workspace), names),
  };
}

/** pnpm-workspace.yaml as it is; empty if there is none. */
export function parseWorkspace(text: string | undefined): Record<string, unknown> {
  return (text === undefined ? undefined : (parse(text) as Record<string, unknown> | null)) ?? {};
}

function prune(
  settings: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string>,
): Record<string, unknown> | undefined {
  const isNamed = (selector: string) =>
    selector.includes('*') || names.has(nameOfSelector(selector));
  const kept = Object.entries(settings).flatMap(([key, value]): [string, unknown][] => {
    if (FOR_ALL.includes(key)) return [[key, value]];
    if (REGISTRIES.includes(key)) {
      requireNoCredential(key, value);
      return [[key, value]];
    }
    if (!PER_PACKAGE.includes(key)) return [];
    if (Array.isArray(value)) {
      const selectors = (value as string[]).filter(isNamed);
      return selectors.length > 0 ? [[key, selectors]] : [];
    }
    const entries = Object.entries(value ?? {}).filter(([name]) => isNamed(name));
    return entries.length > 0 ? [[key, Object.fromEntries(entries)]] : [];
  });
  if (kept.length === 0) return undefined;
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function requireNoCredential(key: string, value: unknown): void {
  const addresses: unknown[] =
    typeof value === 'object' && value !== null ? Object.values(value) : [value];
  for (const address of addresses) {
    if (typeof address === 'string')
      addressWithoutCredentials(address, `pnpm-workspace.yaml: ${key}`);
  }
}

/** `@scope/name@1.0.0` -> `@scope/name` */
export function nameOfSelector(selector: string): string {
  const at = selector.indexOf('@', 1);
  return at < 0 ? selector : selector.slice(0, at);
}
