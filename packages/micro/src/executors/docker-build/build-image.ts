import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildArguments, type BuildRequest } from '../../docker/buildx';
import { docker } from '../../docker/command';
import { pullArguments, removeArguments, tagArguments } from '../../docker/image';
import { timestamp } from '../../effects/clock';
import { EngineError } from '../../docker/engine-error';
import {
  inspectImages,
  inspectRemoteImage,
  runBuildx,
  runDocker,
  type LocalImage,
  type RemoteImage,
} from '../../effects/engine';
import { readEnvironmentAlone } from '../../effects/environments';
import { fileReader, withTemporaryFolder } from '../../effects/files';
import { readGitFacts } from '../../effects/git';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { changedParts, keyTag, type ImageKey } from '../../image/image-key';
import { buildReceiptSchema, receiptFile, type BuildReceipt } from '../../image/receipt';
import { fillTag } from '../../image/tags';
import {
  formatImageReference,
  parseImageReference,
  serviceRepository,
} from '../../platform/image-reference';
import { imageSource, runsElsewhere } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { formatBytes, formatList, formatSeconds, formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';
import { readContent, type Content } from './image-content';
import { readImageSize } from './image-size';
import {
  formatSecret,
  normaliseOptions,
  parseSecret,
  type DockerBuildOptions,
  type NormalisedOptions,
} from './options';
import { planBuild, type BuildPlan } from './plan';
import { LABELS } from '../../platform/image-labels';

/** The tag that compose files and people name; it follows the last build and is never pushed. */
const LOCAL_TAG = 'local';

/** An image that was looked for, with the plan for it. */
export interface PreparedImage {
  task: ServiceTask;
  options: NormalisedOptions;
  content: Content;
  plan: BuildPlan;
  /** What the engine has under that reference, before anything is done. */
  onEngine: LocalImage | undefined;
  /** The reference by its key on the engine. */
  local: string;
  /** The same in the environment's registry, where it has one. */
  remote: string | undefined;
  /** Names of further tags. */
  tags: readonly string[];
  previous: BuildReceipt | undefined;
  started: number;
}

/**
 * Finds, fetches or builds the image of a service, and leaves the receipt.
 * @throws {UserError} where anything is wrong; then no receipt claims an image that is not there.
 */
export async function buildImage(task: ServiceTask, raw: DockerBuildOptions): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const image = await prepareImage(task, raw, folder);
    await provideImage(image, folder);
    await finishImage(image);
  });
}

/**
 * Computes the key, looks for the image on the engine and then in the registry, and decides.
 * @param folder where the copy of the artifact goes that is hashed and built.
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
  const content = await readContent(task, options, folder);
  const { key } = content;
  const tag = keyTag(key.key);
  const local = `${serviceRepository(platformName, service.name)}:${tag}`;
  const remote = registry && `${serviceRepository(platformName, service.name, registry)}:${tag}`;
  const [previous, tags, onEngine] = await Promise.all([
    readReceipt(workspaceRoot, receiptFile(service.root, 'docker-build'), buildReceiptSchema),
    furtherTags(task, options, key),
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
  return { task, options, content, plan, onEngine, local, remote, tags, previous, started };
}

/** Tags the image that is there now, leaves the receipt and says what was done. */
export async function finishImage(prepared: PreparedImage): Promise<void> {
  const { task, options, content, plan, local, remote, previous, started } = prepared;
  const { key, baseImages } = content;
  const image = await imageHere(prepared);
  const localTags = localReferences(prepared);
  if (image) await tagImage(task, image, local, localTags);
  const size = image ? await readImageSize(task.runner, image, baseImages) : { total: 0 };
  const receipt: BuildReceipt = {
    kind: 'docker-build',
    service: task.service.name,
    key: key.key,
    image: image ? local : remote!,
    imageId: image?.id ?? '',
    tags: image ? localTags : [],
    size,
    parts: key.parts,
    since: timestamp(task.clock),
  };
  const file = receiptFile(task.service.root, 'docker-build');
  await writeReceipt(task.workspaceRoot, file, receipt, previous);
  const over =
    size.base === undefined ? '' : `  ${formatBytes(size.total - size.base)} over its base`;
  const where = image || options.push ? '' : '  in the registry';
  task.say(
    formatStep(
      task.service.name,
      VERBS[plan.kind],
      `${receipt.image}${over}${where}  ${formatSeconds(task.clock.now() - started)}`,
    ),
  );
}

const VERBS: Record<BuildPlan['kind'], string> = {
  found: 'up to date',
  pull: 'pulled',
  build: 'built',
};

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

/** Carries the plan out for one image. */
export async function provideImage(prepared: PreparedImage, folder: string): Promise<void> {
  const { plan, task } = prepared;
  switch (plan.kind) {
    case 'found':
      return;
    case 'pull':
      return pullImage(prepared, plan.digest);
    case 'build': {
      task.say(`${task.service.name}  building (${plan.reason})`);
      const request = await buildRequest(prepared);
      const args = buildArguments({ ...request, metadataFile: join(folder, 'metadata.json') });
      await runBuildx(task.runner, args, request.dockerfile, {
        onLine: process.env['NX_VERBOSE_LOGGING'] === 'true' ? task.say : undefined,
      });
      return acceptBuild(prepared);
    }
  }
}

async function pullImage({ task, local, remote }: PreparedImage, digest: string): Promise<void> {
  const { runner, service, say } = task;
  const pinned = formatImageReference({ ...parseImageReference(remote!), tag: undefined, digest });
  say(`${service.name}  pulling ${remote!}, which has this content`);
  await runDocker(runner, pullArguments(pinned), {}, `Could not pull ${pinned}`);
  await runDocker(runner, tagArguments(pinned, local), {}, `Could not tag ${local}`);
}

/** With --push every tag is pushed, so the local name, which has no registry, must not be among them. */
function builtReference({ options, local, remote }: PreparedImage): string {
  return options.push ? remote! : local;
}

/** What BuildKit is told, alone or in a bake. */
export async function buildRequest(
  prepared: PreparedImage,
): Promise<Omit<BuildRequest, 'metadataFile'>> {
  const { task, options, content } = prepared;
  const { commit, dirty, source } = await readGitFacts(task.runner);
  return {
    ...options,
    contexts: content.contexts,
    buildArgs: { SOURCE_DATE_EPOCH: '0', ...options.buildArgs },
    labels: {
      [LABELS.title]: task.service.name,
      ...(commit ? { [LABELS.revision]: dirty ? `${commit}-dirty` : commit } : {}),
      ...(source ? { [LABELS.source]: source } : {}),
      ...options.labels,
      [LABELS.key]: content.key.key,
      [LABELS.service]: task.service.name,
    },
    secrets: options.secrets.map((secret) => formatSecret(parseSecret(secret))),
    tags: [builtReference(prepared), ...tagsOfBuild(prepared)],
    pull: false,
  };
}

/** Tags that need no look at what was built first: each saves a command afterwards. */
function tagsOfBuild(prepared: PreparedImage): string[] {
  const { options, content } = prepared;
  return options.push || content.isShared ? [] : localReferences(prepared);
}

/** Makes sure that what was built is what the key says, under the engine's own name. */
export async function acceptBuild(prepared: PreparedImage): Promise<void> {
  const { task, options, content, local } = prepared;
  const reference = builtReference(prepared);
  if (options.load && reference !== local) {
    await runDocker(task.runner, tagArguments(reference, local), {}, `Could not tag ${local}`);
  }
  if (content.isShared) await requireUnchanged(task, options, content, reference);
}

/** Files outside the artifact are not copied: a key must not stand on an image of other files. */
async function requireUnchanged(
  task: ServiceTask,
  options: NormalisedOptions,
  { key }: Content,
  reference: string,
): Promise<void> {
  const now = await withTemporaryFolder((folder) =>
    readContent(task, { ...options, pull: false }, folder),
  );
  const changed = changedParts(key.parts, now.key.parts);
  if (changed.length === 0) return;
  await task.runner.run(docker(removeArguments(reference)));
  throw new UserError(
    `${formatList(changed)} changed while ${task.service.name} was built: run this again`,
  );
}

/** The image on the engine that the receipt will name; `undefined` where it stays in the registry. */
async function imageHere(prepared: PreparedImage): Promise<LocalImage | undefined> {
  const { task, options, content, plan, onEngine, local } = prepared;
  if (!options.load) return undefined;
  if (plan.kind !== 'found') return requireImage(task, local, content.key);
  return plan.where === 'engine' ? onEngine : undefined;
}

/** The names under which people find the image on the engine. */
function localReferences({ local, tags }: PreparedImage): string[] {
  return [LOCAL_TAG, ...tags].map((name) => withTag(local, name));
}

/** @throws where the engine does not have it after all. */
async function requireImage(
  { runner }: ServiceTask,
  reference: string,
  key: ImageKey,
): Promise<LocalImage> {
  const image = (await inspectImages(runner, [reference])).get(reference);
  if (!image) {
    throw new UserError(
      `${reference} was built but is not on the engine: a builder with its own storage needs "load": true and no other output in "args"`,
    );
  }
  if (image.labels[LABELS.key] !== key.key) {
    throw new UserError(
      `${reference} does not carry its key: another build took the tag; run this again`,
    );
  }
  return image;
}

async function tagImage(
  { runner }: ServiceTask,
  image: LocalImage,
  reference: string,
  tags: readonly string[],
): Promise<void> {
  for (const tag of tags.filter((name) => !image.tags.includes(name))) {
    await runDocker(runner, tagArguments(reference, tag), {}, `Could not tag ${tag}`);
  }
}

async function furtherTags(
  { workspaceRoot, service, runner }: ServiceTask,
  options: NormalisedOptions,
  { key }: ImageKey,
): Promise<string[]> {
  if (options.tags.length === 0) return [];
  const { commit, branch } = await readGitFacts(runner);
  const { version } = JSON.parse(
    fileReader(workspaceRoot)(`${service.root}/package.json`) ?? '{}',
  ) as { version?: string };
  return options.tags.map((template) => fillTag(template, { key, commit, branch, version }).tag);
}

function requireSecrets(workspaceRoot: string, secrets: readonly string[]): void {
  for (const secret of secrets.map(parseSecret)) {
    if (secret.kind === 'file' && !existsSync(resolve(workspaceRoot, secret.path))) {
      throw new UserError(
        `the secret "${secret.id}" is to come from ${secret.path}, which is not there`,
      );
    }
    if (secret.kind === 'environment' && !process.env[secret.variable]) {
      throw new UserError(
        `the secret "${secret.id}" is to come from the variable ${secret.variable}, which is not set`,
      );
    }
  }
}

function withTag(reference: string, tag: string): string {
  return formatImageReference({ ...parseImageReference(reference), tag });
}
