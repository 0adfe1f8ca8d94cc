import { parse } from 'yaml';

/** Where pnpm keeps its settings: up to version 10 also in the root's package.json. */
export interface PnpmSettingsFiles {
  packageJson?: { pnpm?: Record<string, unknown> };
  /** Text of pnpm-workspace.yaml. */
  workspace?: string;
}

/** Which packages may run install scripts, by name; pnpm runs none that is not allowed. */
const PER_PACKAGE = [
  'allowBuilds',
  'ignoredBuiltDependencies',
  'neverBuiltDependencies',
  'onlyBuiltDependencies',
];

/** The same for all packages. */
const FOR_ALL = ['dangerouslyAllowAllBuilds', 'strictDepBuilds'];

/**
 * The settings that decide which install scripts run, as far as they are about `names`. Each stays
 * in the file in which it was, so that every version of pnpm reads what it knows.
 */
export function pruneBuildSettings(
  { packageJson, workspace }: PnpmSettingsFiles,
  names: ReadonlySet<string>,
): { packageJson?: Record<string, unknown>; workspace?: Record<string, unknown> } {
  const read = workspace === undefined ? {} : (parse(workspace) as Record<string, unknown> | null);
  return {
    packageJson: prune(packageJson?.pnpm ?? {}, names),
    workspace: prune(read ?? {}, names),
  };
}

function prune(
  settings: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string>,
): Record<string, unknown> | undefined {
  const isNamed = (selector: string) =>
    selector.includes('*') || names.has(nameOfSelector(selector));
  const kept = Object.entries(settings).flatMap(([key, value]): [string, unknown][] => {
    if (FOR_ALL.includes(key)) return [[key, value]];
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

/** `@scope/name@1.0.0` -> `@scope/name` */
export function nameOfSelector(selector: string): string {
  const at = selector.indexOf('@', 1);
  return at < 0 ? selector : selector.slice(0, at);
}
