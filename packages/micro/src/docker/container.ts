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
