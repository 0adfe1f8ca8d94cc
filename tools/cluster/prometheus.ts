import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../command.js';
import { inTemporaryDirectory } from '../images/temporary-directory.js';
import { ensurePrograms } from './programs.js';

const PROGRAMS = ['prometheus', 'promtool'];

/** Laid out as the official image: its user, its folders, the programs in /bin. */
const DOCKERFILE = `FROM scratch
COPY --chmod=755 ${PROGRAMS.join(' ')} /bin/
USER 65534:65534
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
`;

/**
 * Pushes an image of Prometheus to a registry that nodes pull from. It is built from the Go module, because Debian's
 * package is built without the part that asks a cluster for its pods.
 *
 * @returns its reference there.
 * @throws LabError if it has to be built and there is no Go.
 */
export async function pushPrometheusImage(registry: string): Promise<string> {
  const folder = await ensurePrograms('prometheus');
  const ref = `${registry}/micro-cluster/prometheus:1`;
  await inTemporaryDirectory(async (context) => {
    for (const name of PROGRAMS) await copyFile(join(folder, name), join(context, name));
    await writeFile(join(context, 'Dockerfile'), DOCKERFILE);
    const build = ['buildx', 'build', '--builder', 'default', '--load', '--quiet'];
    await mustRun('docker', [...build, '--tag', ref, context]);
  });
  await mustRun('docker', ['push', '--quiet', ref]);
  return ref;
}
