import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureRegistry } from '../../registry/ensure-registry.js';
import { mustRun, run } from '../../command.js';
import { LabError } from '../../program.js';
import { mustEnd, startChild } from '../../testing/child.js';
import { removePlatform } from '../../testing/remove-platform.js';
import { userEnvironment } from '../../testing/user-environment.js';
import type { Workspace } from '../../testing/workspace.js';
import { INSTALL } from '../contenders/quiet-install.js';
import { removeRepositories } from '../engine/registry.js';
import { multiply, serviceName } from '../growth/multiplied-workspace.js';
import { BAKE_FILE, cacheByHand, repositoryByHand, writeBakeFile } from './by-hand.js';
import type { PipelineReading } from './report.js';

export interface PipelineSite {
  /** Seconds of one way, from the state of a new runner with the repository and its packages. */
  measure: (way: keyof PipelineReading) => Promise<number>;
  remove: () => Promise<void>;
}

const PUSH = ['-t', 'docker-push', '--output-style=static'];
const COMMANDS: Record<Exclude<keyof PipelineReading, 'bake'>, readonly string[]> = {
  affected: ['affected', ...PUSH, '--base=HEAD~1', '--head=HEAD'],
  all: ['run-many', ...PUSH],
};
const BAKE = [
  'buildx',
  'bake',
  '--allow=network.host',
  '--file',
  BAKE_FILE,
  '--push',
  '--progress',
  'plain',
];

/**
 * A platform whose images are all in the registry, once by this plugin and once by bake, and a last commit that changes
 * a README.
 *
 * @throws LabError if the engine cannot keep a build cache in a registry.
 */
export async function openPipelineSite(sample: Workspace, count: number): Promise<PipelineSite> {
  await requireRegistryCache();
  const { host } = await ensureRegistry();
  const services = Array.from({ length: count }, (_, index) => serviceName(index));
  const workspace = await multiply(sample, count);
  const { name } = workspace;
  const remove = async () => {
    await removePlatform(name, [`${name}-development`]);
    await removeRepositories([
      ...services.flatMap((service) => [
        `${name}/${service}`,
        repositoryByHand(workspace, service),
      ]),
      cacheByHand(workspace),
    ]);
    await workspace.remove();
  };
  const runWay = (way: keyof PipelineReading) =>
    way === 'bake'
      ? mustEnd(startChild('docker', BAKE, { cwd: workspace.root, env: userEnvironment() }))
      : workspace.nx(...COMMANDS[way]);
  try {
    const environment = 'environments/development.yml';
    await workspace.edit(environment, 'engine: compose\n', `engine: compose\nregistry: ${host}\n`);
    // It is built, so it needs the links to its libraries. A build without Nx needs the packed packages, too.
    await cp(join(sample.root, 'vendor'), join(workspace.root, 'vendor'), { recursive: true });
    await rm(join(workspace.root, 'node_modules'));
    await workspace.npm(...INSTALL, '--prefer-offline');
    await workspace.nx('sync');
    await writeBakeFile(workspace, host, services);
    await workspace.commit('A registry, and images by hand');
    await runWay('all');
    await runWay('bake');
    await workspace.write('README.md', '# A platform\n');
    await workspace.commit('A README');
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    measure: async (way) => {
      await becomeNewRunner(workspace);
      const started = performance.now();
      const output = await runWay(way);
      const seconds = (performance.now() - started) / 1000;
      if (/ {2}building /.test(output)) throw new LabError(`something was built:\n${output}`);
      return seconds;
    },
    remove,
  };
}

/** No Nx cache, no build output, no service image and no build cache; base images stay. */
async function becomeNewRunner({ name, nx, git }: Workspace): Promise<void> {
  await nx('reset');
  await git('clean', '-xdfq', '--exclude=node_modules');
  const listed = await Promise.all(
    [`reference=${name}/*`, `reference=*/${name}/*`].map((filter) =>
      mustRun('docker', ['image', 'ls', '--quiet', '--filter', filter]),
    ),
  );
  const ids = new Set(listed.join('\n').split('\n').filter(Boolean));
  if (ids.size > 0) await run('docker', ['image', 'rm', '--force', ...ids]);
  await mustRun('docker', ['builder', 'prune', '--all', '--force']);
}

async function requireRegistryCache(): Promise<void> {
  const store = await mustRun('docker', ['info', '--format', '{{json .DriverStatus}}']);
  if (store.includes('io.containerd.')) return;
  throw new LabError(
    'Without the containerd image store, the engine cannot keep a build cache in a registry. On the newest engine: ' +
      'npm run lab:newest -- npm run bench:pipeline',
  );
}
