/** Ids of all containers with a label, whatever their state. */
export function listArguments(label: string): string[] {
  return ['container', 'ls', '--all', '--no-trunc', '--quiet', '--filter', `label=${label}`];
}

export function inspectArguments(ids: readonly string[]): string[] {
  return ['container', 'inspect', ...ids];
}

export function startArguments(ids: readonly string[]): string[] {
  return ['container', 'start', ...ids];
}

/** Starts a container and waits for its end; the command ends as it does, and shows what it wrote. */
export function runToEndArguments(id: string): string[] {
  return ['container', 'start', '--attach', id];
}

/** Sends the stop signal and waits for the container's own grace period. */
export function stopArguments(ids: readonly string[]): string[] {
  return ['container', 'stop', ...ids];
}

/** Removes containers and their anonymous volumes; named volumes stay. */
export function removeArguments(ids: readonly string[]): string[] {
  return ['container', 'rm', '--force', '--volumes', ...ids];
}

export function logArguments(id: string, lines: number): string[] {
  return ['container', 'logs', '--tail', String(lines), id];
}

/** Which lines of a container's log are asked for; times are those of the engine. */
export interface LogRange {
  /** RFC 3339 or a Go duration such as `10m`. */
  since?: string;
  follow?: boolean;
}

/** Every line with the engine's time before it. */
export function timedLogArguments(id: string, { since, follow = false }: LogRange): string[] {
  return [
    ...['container', 'logs', '--timestamps'],
    ...(since === undefined ? [] : ['--since', since]),
    ...(follow ? ['--follow'] : []),
    id,
  ];
}

export function disconnectArguments(network: string, id: string): string[] {
  return ['network', 'disconnect', network, id];
}

/** Connects a container; under its aliases others find it by name. */
export function connectArguments(
  network: string,
  id: string,
  aliases: readonly string[],
): string[] {
  return ['network', 'connect', ...aliases.flatMap((alias) => ['--alias', alias]), network, id];
}

/** Starts a container that does nothing for a minute but have an address of a network, and is then removed. Prints its id. */
export function holderArguments(network: string, image: string): string[] {
  return [
    ...['container', 'run', '--detach', '--rm', '--network', network, '--pull', 'never'],
    ...['--no-healthcheck', '--cap-drop', 'ALL', '--entrypoint', 'node', image],
    ...['-e', 'setTimeout(() => {}, 60_000)'],
  ];
}

/** A container that is never started: it holds an image and labels, and its name is taken by one only. */
export interface Note {
  name: string;
  image: string;
  /** A file of `key=value` lines, so that no value stands in an argv. */
  labelFile: string;
}

/** @see Note */
export function noteArguments({ name, image, labelFile }: Note): string[] {
  return [
    ...['container', 'create', '--name', name, '--network', 'none', '--pull', 'never'],
    ...['--label-file', labelFile, image, 'note'],
  ];
}

/** Creates a container that is never started, for which the engine unpacks the image. Prints its id. */
export function unpackArguments(image: string, platform: string): string[] {
  return [
    ...['container', 'create', '--network', 'none', '--platform', platform, '--pull', 'never'],
    ...[image, 'none'],
  ];
}

/** Puts the files of the tar archive on standard input into a folder of a container. */
export function putFilesArguments(id: string, folder: string): string[] {
  return ['container', 'cp', '-', `${id}:${folder}`];
}

/** Prints a file of a container, or a folder's content (`/etc/.`), as a tar archive. */
export function readFileArguments(id: string, file: string): string[] {
  return ['container', 'cp', `${id}:${file}`, '-'];
}

/** Removes containers that are not running, with the volumes that their image asked for. */
export function discardArguments(containers: readonly string[]): string[] {
  return ['container', 'rm', '--volumes', ...containers];
}

/** Removes containers that are not running; volumes without a name stay too, as Compose may have handed them on with data. */
export function discardKeepingVolumesArguments(containers: readonly string[]): string[] {
  return ['container', 'rm', ...containers];
}

/** Lists containers with all of these labels in the columns of a Go template. */
export function tableArguments(labels: readonly string[], columns: readonly string[]): string[] {
  return [
    ...['container', 'ls', '--all', '--no-trunc'],
    ...labels.flatMap((label) => ['--filter', `label=${label}`]),
    ...['--format', columns.join('\t')],
  ];
}
