import { mustRun, run } from '../../command.js';
import type { Site } from '../site.js';
import { removeImages } from './images.js';

/**
 * Puts a site into the state of a new machine that has the repository, its packages and the base image, and nothing
 * else: no service image, no build cache, no Nx cache, no build output.
 */
export async function wipe({ workspace, replaced }: Site): Promise<void> {
  await workspace.nx('reset');
  await workspace.git('clean', '-xdfq', '--exclude=node_modules');
  const { name } = workspace;
  const filters = [`reference=${name}/*`, `reference=*/${name}/*`];
  const listed = await Promise.all(
    filters.map((filter) =>
      mustRun('docker', [
        ...['image', 'ls', '--filter', filter],
        ...['--format', '{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}'],
      ]),
    ),
  );
  const references = listed
    .flatMap((text) => text.split('\n'))
    .filter((line) => line && !line.startsWith(`${name}/base:`))
    .flatMap((line) => line.split(' '))
    .filter((reference) => !reference.includes('<none>'));
  await removeImages([...references, ...replaced]);
  replaced.clear();
  await run('docker', ['builder', 'prune', '--all', '--force']);
}
