import { remoteSource, type RemoteSource } from '../../dockerfile/remote-source';
import type { ImagePlatform } from '../../image/image-platform';
import { parseImageReference } from '../../platform/image-reference';
import { UserError } from '../../platform/user-error';
import type { BaseImage } from './base-images';

const IMAGE = 'docker-image://';
const LAYOUT = 'oci-layout://';

/** The image that a named context stands for: `docker-image://node:24`. */
export function contextImage(
  value: string,
  platforms: readonly ImagePlatform[],
): BaseImage | undefined {
  if (!value.startsWith(IMAGE)) return undefined;
  const name = value.slice(IMAGE.length);
  try {
    return { name, reference: parseImageReference(name), platforms };
  } catch {
    throw new UserError(`"contexts": "${value}" names no image`);
  }
}

/** The address that a named context is read from; `undefined` for a folder or an image. */
export function contextRemote(value: string): RemoteSource | undefined {
  return remoteSource(value);
}

/** The folder of a named context, also of an image layout: `oci-layout://dist/base:1`. */
export function contextFolder(value: string): string {
  if (!value.startsWith(LAYOUT)) return value;
  const path = value.slice(LAYOUT.length).split('@')[0]!;
  const colon = path.lastIndexOf(':');
  return colon > path.lastIndexOf('/') ? path.slice(0, colon) : path;
}
