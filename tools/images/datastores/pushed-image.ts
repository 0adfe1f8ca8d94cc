import { mirrorImage } from '../../registry/mirror-image.js';
import { ensureDatastoreImage, type DatastoreImage } from './datastore-image.js';

/** Pushes the image of an engine to a registry that nodes pull from. @returns its reference there. */
export async function pushDatastoreImage(
  registry: string,
  engine: DatastoreImage,
): Promise<string> {
  const { ref } = await ensureDatastoreImage(engine);
  return mirrorImage(registry, ref);
}
