import { parseArgs } from 'node:util';
import { ensureEngine, formatEngine } from './engine/ensure-engine.js';
import {
  DATASTORE_IMAGES,
  ensureDatastoreImage,
  type DatastoreImage,
} from './images/datastores/datastore-image.js';
import { ensureCaddyImage } from './images/caddy/caddy-image.js';
import { formatImage } from './images/ensure-image.js';
import { ensureNodeImage } from './images/node/node-image.js';
import { LabError, runProgram } from './program.js';
import { ensureRegistry, formatRegistry } from './registry/ensure-registry.js';

/**
 * `npm run lab -- postgres redis` also prepares those images. Without names, only images that services are built on are
 * prepared.
 */
void runProgram(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const datastores = positionals.map(parseDatastore);
  console.log(formatEngine(await ensureEngine()));
  console.log(formatImage(await ensureNodeImage()));
  console.log(formatImage(await ensureCaddyImage()));
  for (const engine of datastores) console.log(formatImage(await ensureDatastoreImage(engine)));
  console.log(formatRegistry(await ensureRegistry()));
});

function parseDatastore(name: string): DatastoreImage {
  const known = DATASTORE_IMAGES.find((engine) => engine === name);
  if (known) return known;
  throw new LabError(`There is no image of "${name}" to get: name ${DATASTORE_IMAGES.join(', ')}.`);
}
