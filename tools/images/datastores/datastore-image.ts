import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BACKING_IMAGES } from '../../../packages/micro/src/compose/datastore-image.js';
import { say } from '../../program.js';
import { ensureImage } from '../ensure-image.js';
import type { LocalImage } from '../local-image.js';
import { buildStandIn } from '../stand-in.js';

const HERE = dirname(fileURLToPath(import.meta.url));

/** The versions in Debian 12 of the engines that platforms use. They differ from the tags. */
const DEBIAN_VERSIONS = {
  postgres: '15',
  mariadb: '10.11',
  redis: '7.0',
  rabbitmq: '3.10',
} as const;

export type DatastoreImage = keyof typeof DEBIAN_VERSIONS;

export const DATASTORE_IMAGES = Object.keys(DEBIAN_VERSIONS) as DatastoreImage[];

/**
 * The image that generated compose files name for an engine: the real one if it exists here or can be pulled, otherwise
 * a stand-in from Debian's packages with the same variables, user, volume, health command and stop signal. Only tests
 * that run an engine ask for its image, because building one takes some 10 s. Needs a running Docker Engine.
 *
 * @throws LabError if neither works.
 */
export function ensureDatastoreImage(engine: DatastoreImage): Promise<LocalImage> {
  const ref = BACKING_IMAGES[engine];
  const build = async () => {
    say(`${ref} from Debian's ${engine} ${DEBIAN_VERSIONS[engine]} ...`);
    await buildStandIn({ ref, dockerfile: join(HERE, engine, 'Dockerfile'), context: HERE });
  };
  return ensureImage({ ref, build });
}
