import {
  formatFiles,
  installPackagesTask,
  logger,
  readJson,
  type GeneratorCallback,
  type Tree,
} from '@nx/devkit';
import type { Service } from '../../platform/platform';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import { addLink } from '../connect/generator';
import { addDatastores, sayWhatIsLeft } from '../datastore/generator';
import { initGenerator } from '../init/generator';
import { generateServices } from '../service/generator';
import { nameIssuer } from '../service/issuer';
import { readWorkspaceFacts } from '../service/options';
import { syncWorkspace } from '../sync/sync-workspace';
import { DESCRIPTION_FILE, readDescription } from './description';
import { planPlatform, type CodeOf, type PlatformPlan, type ServiceChange } from './plan';
import { formatSummary } from './summary';

export interface PlatformSchema {
  file?: string;
  skipInstall?: boolean;
  skipFormat?: boolean;
}

/** Brings the workspace to what a description says; what is there already stays. */
export async function platformGenerator(
  tree: Tree,
  { file = DESCRIPTION_FILE, skipInstall, skipFormat }: PlatformSchema,
): Promise<GeneratorCallback> {
  const plan = readPlan(tree, file);
  await initGenerator(tree, { skipFormat: true, skipInstall: true });
  generateServices(tree, plan.create);
  for (const change of plan.change) applyChange(tree, change);
  syncWorkspace(tree);
  for (const service of plan.create) if (service.auth === 'jwt') nameIssuer(tree, service);
  if (!skipFormat) await formatFiles(tree);
  for (const { service, datastores } of plan.change) {
    if (Object.keys(datastores).length > 0) sayWhatIsLeft(tree, service);
  }
  logger.info(formatSummary(file, plan));
  return () => {
    if (!skipInstall) installPackagesTask(tree, addsPackages(plan));
  };
}

export default platformGenerator;

/** @throws with every problem of the description, and all that contradicts it; nothing is written before. */
function readPlan(tree: Tree, file: string): PlatformPlan {
  const text = tree.exists(file) ? tree.read(file, 'utf8') : null;
  if (text === null) {
    throw new UserError(
      `There is no ${file}: describe the platform in it, for example "services: { users: { datastores: [postgres] } }"`,
    );
  }
  const { description, problems } = readDescription(file, text);
  if (!description) throw new PlatformError(problems);
  const planned = planPlatform(description, readWorkspaceFacts(tree), codeIn(tree));
  const all = [...problems, ...planned.problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (all.length > 0) throw new PlatformError(all);
  return planned.plan;
}

/** What only one kind of code needs is in its package.json. */
function codeIn(tree: Tree): CodeOf {
  return ({ root }: Service) => {
    const { dependencies = {} } = readJson<{ dependencies?: Record<string, string> }>(
      tree,
      `${root}/package.json`,
    );
    return {
      framework: 'express' in dependencies ? 'express' : 'fastify',
      auth: 'jose' in dependencies ? 'jwt' : 'none',
    };
  };
}

function applyChange(tree: Tree, { service, consumes, datastores }: ServiceChange): void {
  for (const provider of consumes) addLink(tree, service.root, provider);
  if (Object.keys(datastores).length > 0) addDatastores(tree, service, datastores);
}

function addsPackages({ create, change }: PlatformPlan): boolean {
  return create.length > 0 || change.some(({ datastores }) => Object.keys(datastores).length > 0);
}
