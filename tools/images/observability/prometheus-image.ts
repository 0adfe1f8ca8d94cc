import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OBSERVABILITY_IMAGES } from '../../../packages/micro/src/compose/observability.js';
import { say } from '../../program.js';
import { ensureImage } from '../ensure-image.js';
import type { LocalImage } from '../local-image.js';
import { buildStandIn } from '../stand-in.js';

const HERE = join(dirname(fileURLToPath(import.meta.url)), 'prometheus');

/**
 * The image that the profile `observability` names for Prometheus: the real one if it is present or can be pulled,
 * else a stand-in from Debian 12's package: Prometheus 2.42 instead of 3.5. Grafana and Jaeger have no package there.
 * @throws LabError if it cannot be found or pulled.
 */
export function ensurePrometheusImage(): Promise<LocalImage> {
  const ref = OBSERVABILITY_IMAGES.prometheus;
  const build = async () => {
    say(`${ref} from Debian's prometheus 2.42 ...`);
    await buildStandIn({ ref, dockerfile: join(HERE, 'Dockerfile'), context: HERE });
  };
  return ensureImage({ ref, build });
}
