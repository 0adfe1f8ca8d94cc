import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  inspectImages,
  inspectRemoteImage,
  type LocalImage,
  type RemoteImage,
} from '../../effects/engine';
import { EngineError } from '../../docker/engine-error';
import { readEnvironmentAlone } from '../../effects/environments';
import { readReceipt } from '../../effects/receipts';
import { readTagValues } from '../../effects/tag-values';
import { keyTag, type ImageKey } from '../../image/image-key';
import { LABELS } from '../../platform/image-labels';
import { buildReceiptSchema, receiptFile, type BuildReceipt } from '../../image/receipt';
import { fillTag } from '../../image/tags';
import { imageSource, runsElsewhere } from '../../platform/environment';
import { serviceRepository } from '../../platform/image-reference';
import { UserError } from '../../platform/user-error';
import type { ServiceTask } from '../service-task';
import { readContent, type Content } from './image-content';
import {
  normaliseOptions,
  parseSecret,
  type DockerBuildOptions,
  type NormalisedOptions,
} from './options';
import { planBuild, type BuildPlan } from './plan';
import { readPlatforms, type BuildPlatforms } from './platforms';

/** An image that was looked for, with the plan for it. */
export interface PreparedImage {
  task: ServiceTask;
  options: NormalisedOptions;
  platforms: BuildPlatforms;
  content: Content;
  plan: BuildPlan;
  /** What the engine has under that reference, before anything is done. */
  onEngine: LocalImage | undefined;
  /** The reference by its key on the engine. */
  local: string;
  /** The same in the environment's registry, if it has one. */
  remote: string | undefined;
  /** Names of further tags. */
  tags: readonly string[];
  previous: BuildReceipt | undefined;
  started: number;
}

/**
 * Computes the key, looks for the image on the engine and then in the registry, and decides.
 *
 * @param folder for the copy of the artifact that is hashed and built.
 */
export async function prepareImage(
  task: ServiceTask,
  raw: DockerBuildOptions,
  folder: string,
): Promise<PreparedImage> {
  const started = task.clock.now();
  const { workspaceRoot, platformName, service, runner } = task;
  const options = normaliseOptions(raw, service);
  requireSecrets(workspaceRoot, options.secrets);
  const environment =
    options.environment === undefined
      ? undefined
      : readEnvironmentAlone(workspaceRoot, options.environment);
  // Told before anything is built: a push that cannot be is no reason to wait for it.
  if (environment) imageSource(environment);
  const registry = environment?.registry;
  if (options.push && registry === undefined) {
    throw new UserError('"push" needs an environment with a "registry"');
  }
  const platforms = await readPlatforms(task, options, environment);
  const content = await readContent(task, options, platforms, folder);
  const { key } = content;
  const tag = keyTag(key.key);
  const local = `${serviceRepository(platformName, service.name)}:${tag}`;
  const remote = registry && `${serviceRepository(platformName, service.name, registry)}:${tag}`;
  const [previous, tags, onEngine] = await Promise.all([
    readReceipt(workspaceRoot, receiptFile(service.root, 'docker-build'), buildReceiptSchema),
    furtherTags(task, options.tags, key),
    options.load ? inspectImages(runner, [local]).then((images) => images.get(local)) : undefined,
  ]);
  const forced = options.noCache;
  const known = onEngine?.labels[LABELS.key] === key.key && !options.push;
  const inRegistry = known || forced || !remote ? undefined : await lookInRegistry(task, remote);
  const plan = planBuild({
    key,
    onEngine: onEngine?.labels,
    inRegistry,
    previous,
    forced,
    load: options.load,
    fetch: raw.load ?? !(environment && runsElsewhere(environment)),
    push: options.push,
  });
  return {
    task,
    options,
    platforms,
    content,
    plan,
    onEngine,
    local,
    remote,
    tags,
    previous,
    started,
  };
}

/** A registry that cannot be asked costs a build, never a wrong answer. */
async function lookInRegistry(
  { runner, service, say }: ServiceTask,
  reference: string,
): Promise<RemoteImage | undefined> {
  try {
    return await inspectRemoteImage(runner, reference);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    say(`${service.name}  warning: ${error.message}; going on without it`);
    return undefined;
  }
}

async function furtherTags(
  task: ServiceTask,
  templates: readonly string[],
  { key }: ImageKey,
): Promise<string[]> {
  if (templates.length === 0) return [];
  const values = await readTagValues(task, task.service.root);
  return templates.map((template) => fillTag(template, { ...values, key }).tag);
}

function requireSecrets(workspaceRoot: string, secrets: readonly string[]): void {
  for (const secret of secrets.map(parseSecret)) {
    if (secret.kind === 'file' && !existsSync(resolve(workspaceRoot, secret.path))) {
      throw new UserError(
        `the secret "${secret.id}" comes from ${secret.path}, which does not exist`,
      );
    }
    if (secret.kind === 'environment' && !process.env[secret.variable]) {
      throw new UserError(
        `the secret "${secret.id}" comes from the variable ${secret.variable}, which is not set`,
      );
    }
  }
}
