import { randomBytes } from 'node:crypto';
import { SERVICE_NAMES, type ServiceName } from './application/services.js';
import { buildBase } from './base-image.js';
import type { Contender } from './contenders/contender.js';
import { removeImages } from './engine/images.js';
import { removeRepositories } from './engine/registry.js';
import { mustEnd } from '../testing/child.js';
import { removePlatform } from '../testing/remove-platform.js';
import { createWorkspace, type Workspace } from '../testing/workspace.js';

/** A contender with a workspace, images and its own base image. */
export interface Site {
  contender: Contender;
  workspace: Workspace;
  /** `bench-us-a1b2c3/base:24`, and the image that this name had at first. */
  base: string;
  firstBase: string;
  image: (service: ServiceName) => string;
  /** Ids of images that lost their names to newer ones. */
  replaced: Set<string>;
  /** A text that no earlier change of this site used, in the form of an identifier. */
  nonce: () => string;
  /** Seconds of an Nx command that must succeed. */
  time: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<number>;
  remove: () => Promise<void>;
}

export async function openSite(contender: Contender): Promise<Site> {
  const workspace = await createWorkspace(`bench-${contender.column.toLowerCase()}`);
  const firstBase = `${workspace.name}/base:first`;
  const base = `${workspace.name}/base:24`;
  const replaced = new Set<string>();
  const remove = async () => {
    await removePlatform(workspace.name, [`${workspace.name}-development`]);
    await removeImages([...replaced]);
    await removeRepositories(SERVICE_NAMES.map((service) => `${workspace.name}/${service}`));
    await workspace.remove();
  };
  try {
    await buildBase(firstBase);
    await buildBase(base);
    await contender.setUp(workspace, base);
    await workspace.commit('Everything as the tool sets it up');
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    contender,
    workspace,
    base,
    firstBase,
    image: (service) => contender.image(workspace, service),
    replaced,
    nonce: () => `v${randomBytes(5).toString('hex')}`,
    time: async (args, env) => {
      const started = performance.now();
      await mustEnd(workspace.startNx(args, env ? { env } : {}));
      return (performance.now() - started) / 1000;
    },
    remove,
  };
}
