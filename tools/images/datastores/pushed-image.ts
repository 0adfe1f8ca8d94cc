import { mustRun } from '../../command.js';
import { ensureDatastoreImage, type DatastoreImage } from './datastore-image.js';

/** Pushes the image of an engine to a registry, as a team mirrors it. @returns its reference there. */
export async function pushDatastoreImage(
  registry: string,
  engine: DatastoreImage,
): Promise<string> {
  const { ref } = await ensureDatastoreImage(engine);
  const mirrored = `${registry}/mirror/${ref}`;
  await mustRun('docker', ['tag', ref, mirrored]);
  await mustRun('docker', ['push', '--quiet', mirrored]);
  return mirrored;
}
