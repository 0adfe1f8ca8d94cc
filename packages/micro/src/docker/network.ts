/** Prints networks as JSON, with the addresses of the containers in them. */
export function inspectNetworksArguments(names: readonly string[]): string[] {
  return ['network', 'inspect', ...names];
}
