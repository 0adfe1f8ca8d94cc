import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import { LabError, say } from '../../program.js';
import { CommandFailed, startChild } from '../../testing/child.js';
import { userEnvironment } from '../../testing/user-environment.js';
import type { Workspace } from '../../testing/workspace.js';
import { json } from '../application/json.js';

/**
 * The same Dockerfiles by `docker buildx bake`, as somebody without this plugin writes it:
 *
 * - `read`: the layers of all stages are in a cache in the registry (`mode=max`), and it is only read.
 * - `write`: the same, and a cache is written, too, as in Docker's examples for pipelines. It is another one, so that all
 *   readings read the same.
 */
export const HANDS = ['read', 'write'] as const;
export type Hand = (typeof HANDS)[number];

/**
 * BuildKit exports with each cache all ways that it knows to the same content. The layer of the installed packages is
 * the same for all services, so the cache of each has the records and layers of all others: with all 50 in one bake,
 * their number is that of the services squared.
 */
const SERVICES_AT_ONCE = 5;

const BUILT = / -> dist\//;

export interface ByHand {
  /** Pushes all images and fills their caches. */
  prepare: () => Promise<void>;
  /** Gets the newest commit of the workspace. */
  pull: () => Promise<void>;
  /**
   * What a pipeline runs for all services.
   *
   * @returns whether it ended in time.
   */
  bake: (hand: Hand, withinMs: number) => Promise<boolean>;
  /** What it keeps in the registry. */
  repositories: readonly string[];
  remove: () => Promise<void>;
}

/** A working copy that has the committed files of a workspace, and a bake file for each way. */
export async function openByHand(
  { name, root: from, git }: Workspace,
  host: string,
  services: readonly string[],
): Promise<ByHand> {
  const root = `${from}-by-hand`;
  await git('clone', '--quiet', '.', root);
  for (const hand of ['fill', ...HANDS] as const) {
    await writeFile(join(root, fileOf(hand)), json(bakeFile(hand, `${host}/${name}`, services)));
  }
  return {
    prepare: async () => {
      for (let at = 0; at < services.length; at += SERVICES_AT_ONCE) {
        const some = services.slice(at, at + SERVICES_AT_ONCE);
        say(`by hand: ${at + some.length} of ${services.length} ...`);
        // Without what BuildKit knows of the services before.
        await mustRun('docker', ['builder', 'prune', '--all', '--force']);
        await bake(root, 'fill', some);
      }
    },
    pull: async () => void (await mustRun('git', ['-C', root, 'pull', '--quiet'])),
    bake: async (hand, withinMs) => {
      const output = await bake(root, hand, services, withinMs);
      if (output !== undefined && BUILT.test(output)) {
        throw new LabError(`something was built:\n${output}`);
      }
      return output !== undefined;
    },
    repositories: [...services.map((service) => repository(name, service)), cache(name)],
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Beside the images of this plugin, so that neither finds those of the other. */
const repository = (name: string, service: string) => `${name}-by-hand/${service}`;
/** One for all services, because most of their layers are the same: otherwise each would be stored as often. */
const cache = (name: string) => `${name}-by-hand/cache`;

const fileOf = (hand: Hand | 'fill') => `docker-bake.${hand}.json`;

function bakeFile(hand: Hand | 'fill', prefix: string, services: readonly string[]) {
  const target = Object.fromEntries(
    services.map((service) => {
      const max = `type=registry,ref=${cache(prefix)}:${service}`;
      return [
        service,
        {
          context: '.',
          dockerfile: `apps/${service}/Dockerfile`,
          network: 'host',
          tags: [`${repository(prefix, service)}:latest`],
          'cache-from': [max],
          ...(hand === 'fill' ? { 'cache-to': [`${max},mode=max`] } : {}),
          ...(hand === 'write' ? { 'cache-to': [`${max}-next,mode=max`] } : {}),
        },
      ];
    }),
  );
  return { group: { default: { targets: services } }, target };
}

/**
 * @returns its output; `undefined` if it was ended because it took longer.
 * @throws {CommandFailed} if it failed.
 */
async function bake(
  root: string,
  hand: Hand | 'fill',
  services: readonly string[],
  withinMs?: number,
): Promise<string | undefined> {
  const child = startChild(
    'docker',
    [
      ...['buildx', 'bake', '--allow=network.host', '--file', fileOf(hand)],
      ...['--push', '--progress', 'plain', ...services],
    ],
    { cwd: root, env: userEnvironment() },
  );
  let isLate = false;
  const end = () => {
    isLate = true;
    child.signal('SIGKILL');
  };
  const limit = withinMs === undefined ? undefined : setTimeout(end, withinMs);
  const ended = await child.ended.finally(() => clearTimeout(limit));
  if (isLate) return undefined;
  if (ended.exitCode !== 0) throw new CommandFailed(ended);
  return ended.output;
}
