import { minimatch } from 'minimatch';

/** A project as `projects` in nx.json can name it. */
export interface NamedProject {
  name: string;
  root: string;
  tags: readonly string[];
}

/**
 * Whether a list of projects, as Nx takes it, contains a project: names, folders, `tag:…`, each with wildcards; `!`
 * excludes, and the last entry that fits decides. A list that begins with `!` means all others.
 */
export function namesProject(patterns: readonly string[], project: NamedProject): boolean {
  return patterns.reduce(
    (isIn, pattern) => {
      if (!pattern.startsWith('!')) return isIn || fits(pattern, project);
      return isIn && !fits(pattern.slice(1), project);
    },
    patterns[0]?.startsWith('!') ?? false,
  );
}

function fits(pattern: string, { name, root, tags }: NamedProject): boolean {
  const [kind = '', ...rest] = pattern.split(':');
  const value = rest.join(':');
  if (kind === 'tag') return tags.some((tag) => minimatch(tag, value));
  if (kind === 'name') return minimatch(name, value);
  if (kind === 'directory') return minimatch(root, value);
  return minimatch(name, pattern) || minimatch(root, pattern);
}
