/**
 * Runs a script with the bash of a running container, in which a pipe fails where any part of it does.
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
