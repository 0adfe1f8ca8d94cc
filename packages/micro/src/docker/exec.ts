/**
 * Runs a script with the bash of a running container, in which a pipe fails if any part of it does.
 * @param interactive whether it reads what is written to the command's standard input.
 */
export function scriptArguments(
  id: string,
  script: string,
  { interactive = false }: { interactive?: boolean } = {},
): string[] {
  return [
    ...['container', 'exec', ...(interactive ? ['--interactive'] : []), id],
    ...['bash', '-o', 'pipefail', '-c', script],
  ];
}

/** Runs a program in a running container. */
export function execArguments(id: string, command: readonly string[]): string[] {
  return ['container', 'exec', id, ...command];
}

/** Something that is tried in a container of its own, which sees the volumes of another one and no network. */
export interface TryOut {
  /** Id of the container with the volumes. */
  volumesOf: string;
  image: string;
  /** `uid:gid` */
  user: string;
  capabilities: readonly string[];
  command: readonly string[];
}

/** Runs a program in a container that is gone afterwards. */
export function tryOutArguments({ volumesOf, image, user, ...rest }: TryOut): string[] {
  return [
    ...['container', 'run', '--rm', '--network', 'none', '--volumes-from', volumesOf],
    ...['--user', user, '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'],
    ...rest.capabilities.flatMap((name) => ['--cap-add', name]),
    ...['--security-opt', 'no-new-privileges', '--env', 'HOME=/tmp'],
    ...['--env', 'XDG_CONFIG_HOME=/tmp', '--env', 'XDG_DATA_HOME=/data', image, ...rest.command],
  ];
}
