/** Prints a network as JSON, with the addresses of the containers in it. */
export function inspectNetworkArguments(name: string): string[] {
  return ['network', 'inspect', name];
}
