import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureRegistry } from '../../registry/ensure-registry.js';
import { mustRun, run } from '../../command.js';
import { LabError, say } from '../../program.js';
import { removePlatform } from '../../testing/remove-platform.js';
import { doesJobRun, runJob } from '../../testing/workflow-job.js';
import type { Workspace } from '../../testing/workspace.js';
import { INSTALL } from '../contenders/quiet-install.js';
import { removeRepositories } from '../engine/registry.js';
import { multiply, serviceName } from '../growth/multiplied-workspace.js';
import { type ByHand, openByHand } from './by-hand.js';
import { isByHand, type Way } from './report.js';

export interface PipelineSite {
  /** Seconds of one way, from the state of a new runner; Infinity if it was given up. */
  measure: (way: Way) => Promise<number>;
  remove: () => Promise<void>;
}

const WORKFLOW = '.github/workflows/micro.yml';
const ENVIRONMENT = 'development';
const DEPLOY = `deploy-${ENVIRONMENT}`;
const JOBS = ['check', DEPLOY];
const PUSH_ALL = ['run-many', '-t', 'docker-push', '--output-style=static'];

/**
 * A platform whose images are all in the registry, once by this plugin and once by bake, and a last commit that changes
 * a README.
 *
 * @param byHandWithinMs when a bake is given up.
 * @throws LabError if the engine cannot keep a build cache in a registry.
 */
export async function openPipelineSite(
  sample: Workspace,
  count: number,
  byHandWithinMs: number,
): Promise<PipelineSite> {
  await requireRegistryCache();
  const { host } = await ensureRegistry();
  const services = Array.from({ length: count }, (_, index) => serviceName(index));
  const workspace = await multiply(sample, count);
  const { name, root } = workspace;
  const ownRepositories = services.map((service) => `${name}/${service}`);
  const removals = [
    () => workspace.remove(),
    () => removeRepositories(ownRepositories),
    () => removePlatform(name, [`${name}-${ENVIRONMENT}`]),
  ];
  const remove = async () => {
    for (const undo of removals.toReversed()) await undo();
  };
  try {
    await workspace.edit(
      `environments/${ENVIRONMENT}.yml`,
      'engine: compose\n',
      `engine: compose\nregistry: ${host}\n`,
    );
    // Each job installs the packages, and so does a build without Nx: both need the packed ones of this repository.
    await cp(join(sample.root, 'vendor'), join(root, 'vendor'), { recursive: true });
    await rm(join(root, 'node_modules'));
    await workspace.npm(...INSTALL, '--prefer-offline');
    await workspace.nx('g', '@org/micro:ci', 'github', `--environments=${ENVIRONMENT}`);
    await workspace.nx('sync');
    await workspace.commit('A registry, and a pipeline');
    say('by the plugin: all of them ...');
    await workspace.nx(...PUSH_ALL);
    const byHand = await openByHand(workspace, host, services);
    removals.push(byHand.remove, () => removeRepositories(byHand.repositories));
    await byHand.prepare();
    const before = await workspace.git('rev-parse', 'HEAD');
    await workspace.write('README.md', '# A platform\n');
    await workspace.commit('A README');
    await byHand.pull();

    return {
      measure: async (way) => {
        let milliseconds = 0;
        for (const run of stepsOf(way, workspace, byHand, byHandWithinMs)) {
          await becomeNewRunner(workspace);
          // What the provider's cache has of the run before: the commit for which each job ended well.
          for (const job of JOBS) await remember(root, job, before);
          if (way === 'install') await rm(join(root, 'node_modules'), { recursive: true });
          const started = performance.now();
          if ((await run()) === false) return Infinity;
          milliseconds += performance.now() - started;
        }
        return milliseconds / 1000;
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Where `runJob` keeps what a step stores in the provider's cache. */
async function remember(root: string, job: string, commit: string): Promise<void> {
  const file = join(dirname(root), 'caches/dist/ci', job);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, commit);
}

/** What is run for one way, each on a runner of its own; `false` says that it was given up. */
function stepsOf(
  way: Way,
  workspace: Workspace,
  byHand: ByHand,
  byHandWithinMs: number,
): (() => Promise<unknown>)[] {
  if (isByHand(way)) return [() => byHand.bake(way, byHandWithinMs)];
  if (way === 'install') return [() => workspace.npm('ci')];
  if (way === 'push') return [() => pushAll(workspace)];
  return [() => runCheck(workspace)];
}

/** The only job that starts, because it finds nothing to deploy. */
async function runCheck({ root, read }: Workspace): Promise<void> {
  const text = await read(WORKFLOW);
  const github = { event_name: 'push', ref: 'refs/heads/main' };
  const check = await runJob(root, text, 'check', { github });
  if (!check.success) throw new LabError(`the job check failed:\n${check.output}`);
  if (!check.output.includes('No tasks were run')) {
    throw new LabError(`the job check ran something:\n${check.output}`);
  }
  if (doesJobRun(text, DEPLOY, { github, needs: { check } })) {
    throw new LabError(`the job check found something to deploy:\n${check.output}`);
  }
}

async function pushAll({ nx }: Workspace): Promise<void> {
  const output = await nx(...PUSH_ALL);
  if (/ {2}building /.test(output)) throw new LabError(`something was built:\n${output}`);
}

/** No Nx cache, no build output, no service image and no build cache; base images stay. */
async function becomeNewRunner({ name, nx, git }: Workspace): Promise<void> {
  await nx('reset');
  await git('clean', '-xdfq', '--exclude=node_modules');
  const listed = await Promise.all(
    [`reference=${name}/*`, `reference=*/${name}/*`, `reference=*/${name}-by-hand/*`].map(
      (filter) => mustRun('docker', ['image', 'ls', '--quiet', '--filter', filter]),
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
