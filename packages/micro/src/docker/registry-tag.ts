/**
 * Gives an image of a registry one more tag. The manifest stays as it is, so the digest does, too: without the option,
 * buildx wraps an image for one platform in a new index, which has a digest of its own. Known from buildx 0.15 on.
 *
 * @param source by its digest.
 */
export function copyManifestArguments(source: string, target: string): string[] {
  return ['buildx', 'imagetools', 'create', '--prefer-index=false', '--tag', target, source];
}

/** Whether buildx is older than the option of `copyManifestArguments`. */
export function knowsNoManifestCopy(stderr: string): boolean {
  return stderr.includes('unknown flag: --prefer-index');
}

/** How an older buildx can keep the digest. */
export type OlderCopy =
  /** Every buildx copies an index as it is. */
  | 'copy index'
  /** The engine writes the same manifest again if it is of the kind that the engine writes. */
  | 'pull and push'
  | 'none';

export function olderCopy(mediaType: string | undefined): OlderCopy {
  switch (mediaType) {
    case 'application/vnd.oci.image.index.v1+json':
    case 'application/vnd.docker.distribution.manifest.list.v2+json':
      return 'copy index';
    case 'application/vnd.docker.distribution.manifest.v2+json':
      return 'pull and push';
    default:
      return 'none';
  }
}
