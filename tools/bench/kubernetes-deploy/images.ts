import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import { NODE_IMAGE } from '../../images/node/node-image.js';
import { inTemporaryDirectory } from '../../images/temporary-directory.js';
import type { Workspace } from '../../testing/workspace.js';
import { ENVIRONMENTS } from './environments.js';
import type { Place } from './platform.js';

const SERVER = `const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const version = readFileSync('/app/version', 'utf8');
const server = createServer((request, response) => response.end(version));
server.listen(Number(process.env.PORT));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

/**
 * Builds an image of a version, pushes it for these services, and leaves the receipts that a push to each environment
 * leaves: all contenders deploy the same digest.
 *
 * @returns the names of the images.
 */
export async function pushVersion(
  workspace: Workspace,
  { registry }: Place,
  services: readonly string[],
  version: string,
): Promise<string[]> {
  const key = createHash('sha256').update(`${workspace.name} ${version}`).digest('hex');
  const images = services.map(
    (service) => `${registry}/${workspace.name}/${service}:k-${key.slice(0, 12)}`,
  );
  await inTemporaryDirectory(async (folder) => {
    const dockerfile = `FROM ${NODE_IMAGE}\nCOPY . /app\nUSER node\nCMD ["node", "/app/server.js"]\n`;
    await writeFile(join(folder, 'Dockerfile'), dockerfile);
    await writeFile(join(folder, 'server.js'), SERVER);
    await writeFile(join(folder, 'version'), version);
    const tags = images.flatMap((image) => ['--tag', image]);
    await mustRun('docker', ['build', '--quiet', ...tags, folder]);
  });
  for (const [index, image] of images.entries()) {
    const digest = await push(image);
    for (const environment of ENVIRONMENTS) {
      const receipt = {
        ...{ kind: 'pushed', service: services[index], environment, key, image, digest },
        ...{ tags: [], since: new Date().toISOString() },
      };
      await workspace.write(
        `dist/receipts/apps/${services[index]}/docker-push.${environment}.json`,
        JSON.stringify(receipt),
      );
    }
  }
  return images;
}

async function push(image: string): Promise<string> {
  await mustRun('docker', ['push', '--quiet', image]);
  const format = '{{range .RepoDigests}}{{println .}}{{end}}';
  const digests = await mustRun('docker', ['image', 'inspect', '--format', format, image]);
  const repository = image.slice(0, image.lastIndexOf(':'));
  const own = digests.split('\n').find((line) => line.startsWith(`${repository}@`));
  if (own === undefined) throw new Error(`the push of ${image} left no digest`);
  return own.slice(repository.length + 1);
}
