/** `docker tag SOURCE TARGET` */
export function tagArguments(source: string, target: string): string[] {
  return ['tag', source, target];
}

/** `docker push REFERENCE` */
export function pushArguments(reference: string): string[] {
  return ['push', reference];
}

/** `docker pull REFERENCE`, without a line per layer. */
export function pullArguments(reference: string): string[] {
  return ['pull', '--quiet', reference];
}

/** `docker image rm REFERENCE`: removes the name, and the image if it has no other name. */
export function removeArguments(reference: string): string[] {
  return ['image', 'rm', reference];
}

/** The digest that `docker push` prints at its end. */
export function pushedDigest(stdout: string): string | undefined {
  return /digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1];
}

/** Prints how many bytes each step of an image added, one a line. */
export function historyArguments(reference: string): string[] {
  return ['image', 'history', '--human=false', '--format', '{{.Size}}', reference];
}

/** The bytes of all steps that were printed. */
export function historySize(output: string): number {
  return output
    .split('\n')
    .map(Number)
    .reduce((sum, bytes) => sum + bytes, 0);
}
