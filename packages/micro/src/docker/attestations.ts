/** The arguments of `docker buildx build` that say what is told about an image, and not what is in it. */
const ATTESTATIONS = ['--attest', '--provenance', '--sbom'];

/** `['--provenance', 'mode=max', '--quiet']` -> `['--quiet']`. */
export function withoutAttestations(args: readonly string[]): string[] {
  return args.filter((argument, index) => {
    if (ATTESTATIONS.includes(argument.split('=')[0]!)) return false;
    const isValue =
      index > 0 && !argument.startsWith('-') && ATTESTATIONS.includes(args[index - 1]!);
    return !isValue;
  });
}
