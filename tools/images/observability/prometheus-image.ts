import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OBSERVABILITY_IMAGES } from '../../../packages/micro/src/compose/observability.js';
import { say } from '../../program.js';
import { ensureImage } from '../ensure-image.js';
import type { LocalImage } from '../local-image.js';
import { buildStandIn } from '../stand-in.js';

const HERE = join(dirname(fileURLToPath(import.meta.url)), 'prometheus');

/**
 * The image of Prometheus in the profile `observability`: the real one if it exists here or can be pulled, otherwise a
 * stand-in from Debian 12's package, with Prometheus 2.42 instead of 3.5. Debian has no package of Grafana and Jaeger.
 *
 * @throws LabError if neither works.
 */
export function ensurePrometheusImage(): Promise<LocalImage> {
  const ref = OBSERVABILITY_IMAGES.prometheus;
  const build = async () => {
    say(`${ref} from Debian's prometheus 2.42 ...`);
    await buildStandIn({ ref, dockerfile: join(HERE, 'Dockerfile'), context: HERE });
  };
  return ensureImage({ ref, build });
}
