import { splitAddress, type Command, type EngineAddress } from './command';

/**
 * Runs a script with the bash of a running container, in which a pipe fails if any part of it does.
 * @param interactive whether it reads what is written to the command's standard input.
 * @param mark what the script knows as `$0`, by which the engine and the script can tell this run from any other.
 */
export function scriptArguments(
  id: string,
  script: string,
  { interactive = false, mark }: { interactive?: boolean; mark?: string } = {},
): string[] {
  return [
    ...['container', 'exec', ...(interactive ? ['--interactive'] : []), id],
    ...['bash', '-o', 'pipefail', '-c', script, ...(mark === undefined ? [] : [mark])],
  ];
}

/** Runs a program in a running container. */
export function execArguments(id: string, command: readonly string[]): string[] {
  return ['container', 'exec', id, ...command];
}

/** A program that a docker command runs in a running container. */
export interface Exec {
  address: EngineAddress;
  /** Name or id of the container. */
  container: string;
  /** The program with its arguments. */
  argv: readonly string[];
}

/** What a command runs in a container; `undefined` if it does something else. */
export function execOf({ file, args }: Pick<Command, 'file' | 'args'>): Exec | undefined {
  if (file !== 'docker') return undefined;
  const { address, rest } = splitAddress(args);
  if (rest[0] !== 'container' || rest[1] !== 'exec') return undefined;
  const [container, ...argv] = rest.slice(rest[2] === '--interactive' ? 3 : 2);
  return container === undefined || container.startsWith('-') || argv.length === 0
    ? undefined
    : { address, container, argv };
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
