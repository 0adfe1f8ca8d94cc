/** A Compose project: its name and the files that describe it, the last one winning. */
export interface ComposeProject {
  name: string;
  files: readonly string[];
  /** What paths in the files are relative to, and where `.env` is; the first file's folder if absent. */
  directory?: string;
  /** Profiles whose services are part of it. */
  profiles?: readonly string[];
}

function compose(
  { name, files, directory, profiles = [] }: ComposeProject,
  args: readonly string[],
): string[] {
  return [
    'compose',
    ...files.flatMap((file) => ['--file', file]),
    ...(directory === undefined ? [] : ['--project-directory', directory]),
    ...profiles.flatMap((profile) => ['--profile', profile]),
    ...['--project-name', name, ...args],
  ];
}

/** Prints the whole project as JSON, with every file merged and every variable filled in. */
export function configArguments(project: ComposeProject): string[] {
  return compose(project, ['config', '--format', 'json']);
}

/** Prints the whole project as JSON as the files write it, with every file merged and no variable filled in. */
export function writtenConfigArguments(project: ComposeProject): string[] {
  return compose(project, ['config', '--no-interpolate', '--format', 'json']);
}

/** Prints the names of the services, one a line. */
export function servicesArguments(project: ComposeProject): string[] {
  return compose(project, ['config', '--services']);
}

/**
 * Makes containers of one service beside those that are there, and starts none. Nothing that
 * exists is touched: `total` counts the existing ones too.
 */
export function createArguments(project: ComposeProject, service: string, total: number): string[] {
  return compose(project, [
    'up',
    '--no-build',
    '--no-deps',
    '--no-recreate',
    '--no-start',
    '--pull',
    'never',
    '--quiet-pull',
    '--scale',
    `${service}=${total}`,
    service,
  ]);
}

/** Starts services that have to be there, waits until they are healthy, and recreates none. */
export function startArguments(
  project: ComposeProject,
  services: readonly string[],
  timeout: number,
): string[] {
  return compose(project, [
    'up',
    '--detach',
    '--no-build',
    '--no-recreate',
    '--quiet-pull',
    '--wait',
    '--wait-timeout',
    String(timeout),
    ...services,
  ]);
}

/** Replaces what has another entry now, and waits until it is healthy; a volume with a name stays. */
export function recreateArguments(project: ComposeProject, service: string): string[] {
  return compose(project, ['up', '--detach', '--no-deps', '--wait', service]);
}

/** Runs a service once, in a container of its own that is gone afterwards, without what it depends on. */
export function runArguments(project: ComposeProject, service: string): string[] {
  return compose(project, ['run', '--rm', '--no-deps', '--no-TTY', service]);
}
