/** npm's `overrides`: a version, a reference such as `$react`, or the same for what a package needs. */
export interface NpmOverrides {
  [name: string]: string | NpmOverrides;
}

/** The parts of the workspace's package.json that overrides refer to. */
export interface OverrideSources {
  overrides?: NpmOverrides;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/**
 * The workspace's overrides about packages of the closure, without which `npm ci` refuses versions
 * that they brought about. A direct dependency may only be overridden by reference to itself.
 */
export function pruneOverrides(
  { overrides, ...groups }: OverrideSources,
  dependencies: Readonly<Record<string, string>>,
  names: ReadonlySet<string>,
): NpmOverrides | undefined {
  const specs = {
    ...groups.devDependencies,
    ...groups.optionalDependencies,
    ...groups.dependencies,
  };
  const pruneOne = (value: string, name: string): string => {
    if (dependencies[name] !== undefined) return `$${name}`;
    return value.startsWith('$') ? (specs[value.slice(1)] ?? value) : value;
  };
  const prune = (of: NpmOverrides, parent: string): NpmOverrides | undefined => {
    const kept = Object.entries(of).flatMap(([key, value]): [string, string | NpmOverrides][] => {
      const name = key === '.' ? parent : nameOfOverride(key);
      if (!names.has(name)) return [];
      const pruned = typeof value === 'string' ? pruneOne(value, name) : prune(value, name);
      return pruned === undefined ? [] : [[key, pruned]];
    });
    return kept.length > 0 ? Object.fromEntries(kept) : undefined;
  };
  return prune(overrides ?? {}, '');
}

/** `foo@^1` -> `foo` */
function nameOfOverride(key: string): string {
  const at = key.indexOf('@', 1);
  return at < 0 ? key : key.slice(0, at);
}
