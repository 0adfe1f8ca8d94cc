import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBuildSources, stageNames } from '../../dockerfile/build-sources';
import { buildArguments } from '../../docker/buildx';
import { readContextFiles } from '../../effects/build-context';
import {
  EngineError,
  inspectImages,
  inspectRemoteImage,
  runDocker,
  type LocalImage,
  type RemoteImage,
} from '../../effects/engine';
import { readEnvironment } from '../../effects/environments';
import {
  fileReader,
  listFiles,
  readKeyFiles,
  normaliseFiles,
  withTemporaryFolder,
} from '../../effects/files';
import { readGitFacts } from '../../effects/git';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { imageKey, keyTag, LABELS, type ImageKey } from '../../image/image-key';
import { buildReceiptSchema, receiptFile, type BuildReceipt } from '../../image/receipt';
import { fillTag } from '../../image/tags';
import {
  formatImageReference,
  parseImageReference,
  serviceRepository,
} from '../../platform/image-reference';
import { UserError } from '../../platform/user-error';
import { formatBytes, formatSeconds, formatStep } from '../format';
import type { ServiceTask } from '../service-task';
import {
  formatSecret,
  normaliseOptions,
  parseSecret,
  type DockerBuildOptions,
  type NormalisedOptions,
} from './options';
import { planBuild, type BuildPlan } from './plan';

/** The tag that compose files and people name; it follows the last build and is never pushed. */
const LOCAL_TAG = 'local';

/**
 * Finds, fetches or builds the image of a service, and leaves the receipt.
 * @throws {UserError} where anything is wrong; then no receipt claims an image that is not there.
 */
export async function buildImage(task: ServiceTask, raw: DockerBuildOptions): Promise<void> {
  const started = performance.now();
  const { workspaceRoot, platformName, service, runner, say } = task;
  const options = normaliseOptions(raw, service);
  requireSecrets(workspaceRoot, options.secrets);
  const registry =
    options.environment === undefined
      ? undefined
      : readEnvironment(workspaceRoot, options.environment).registry;
  if (options.push && registry === undefined) {
    throw new UserError('"push" needs an environment with a "registry"');
  }

  const { key, baseImages } = await readKey(task, options);
  const tag = keyTag(key.key);
  const local = `${serviceRepository(platformName, service.name)}:${tag}`;
  const remote = registry && `${serviceRepository(platformName, service.name, registry)}:${tag}`;
  const file = receiptFile(service.root, 'docker-build');
  const previous = await readReceipt(workspaceRoot, file, buildReceiptSchema);

  const onEngine = options.load ? (await inspectImages(runner, [local])).get(local) : undefined;
  const forced = options.noCache;
  const known = onEngine?.labels[LABELS.key] === key.key && !forced;
  const inRegistry = known || forced || !remote ? undefined : await lookInRegistry(task, remote);
  const plan = planBuild({
    key,
    onEngine: onEngine?.labels,
    inRegistry,
    previous,
    forced,
    load: options.load,
  });
  const tags = await furtherTags(task, options, key);
  await carryOut(task, options, plan, { key, local, remote });

  const image = options.load ? await requireImage(task, local, key) : undefined;
  const localTags = [LOCAL_TAG, ...tags].map((name) => withTag(local, name));
  if (image) await tagImage(task, image, local, localTags);
  const base = baseSize(baseImages);
  const receipt: BuildReceipt = {
    kind: 'docker-build',
    service: service.name,
    key: key.key,
    image: image ? local : remote!,
    imageId: image?.id ?? '',
    tags: image ? localTags : [],
    size: { total: image?.size ?? 0, ...(base === undefined ? {} : { base }) },
    parts: key.parts,
    since: new Date().toISOString(),
  };
  await writeReceipt(workspaceRoot, file, receipt, previous);
  const over =
    image && base !== undefined ? `  ${formatBytes(image.size - base)} over its base` : '';
  say(
    formatStep(
      service.name,
      VERBS[plan.kind],
      `${receipt.image}${over}  ${formatSeconds(performance.now() - started)}`,
    ),
  );
}

const VERBS: Record<BuildPlan['kind'], string> = {
  found: 'up to date',
  pull: 'pulled',
  build: 'built',
};

/** Hashes everything that decides the image. */
async function readKey(
  { workspaceRoot, service, runner, say }: ServiceTask,
  options: NormalisedOptions,
): Promise<{ key: ImageKey; baseImages: ReadonlyMap<string, LocalImage> }> {
  const dockerfile = fileReader(workspaceRoot)(options.dockerfile);
  if (dockerfile === undefined) {
    throw new UserError(
      `${options.dockerfile} is not there: run "nx g @org/micro:service ${service.name}" again to get one, or set "dockerfile"`,
    );
  }
  const contexts = namedContexts(options, dockerfile);
  const sources = at(options.dockerfile, () =>
    findBuildSources(dockerfile, {
      target: options.target,
      buildArgs: options.buildArgs,
      contexts: Object.keys(contexts),
    }),
  );
  if (options.pull) {
    for (const image of sources.images) {
      say(`${service.name}  pulling ${image}`);
      await runDocker(runner, ['pull', '--quiet', image], {}, `Could not pull ${image}`);
    }
  }
  const artifact = join(workspaceRoot, options.artifact);
  const usesArtifact = sources.contexts.includes('artifact');
  if (usesArtifact && !existsSync(artifact)) {
    throw new UserError(
      `${options.artifact} is not there: run "nx build ${service.name}" first (docker-build depends on it unless a project.json says otherwise)`,
    );
  }
  const otherContexts = sources.contexts.filter((name) => name !== 'artifact');
  const baseImages = await inspectImages(runner, sources.images);
  const [artifactFiles, contextFiles, digests] = await Promise.all([
    usesArtifact ? listFiles(artifact).then((paths) => readKeyFiles(artifact, paths)) : [],
    readContextFiles(workspaceRoot, options, sources.paths),
    Promise.all(
      sources.images.map(
        async (image) => [image, await baseDigest(runner, image, baseImages.get(image))] as const,
      ),
    ),
  ]);
  return {
    baseImages,
    key: imageKey({
      dockerfile,
      artifact: artifactFiles,
      context: contextFiles,
      buildArgs: options.buildArgs,
      labels: options.labels,
      target: options.target,
      platforms: options.platforms,
      baseImages: Object.fromEntries(digests),
      options: [
        ...options.args,
        ...options.secrets.map((secret) => `secret ${parseSecret(secret).id}`),
        ...otherContexts.map((name) => `context ${name}=${options.contexts[name] ?? ''}`),
      ],
    }),
  };
}

/** The artifact's folder replaces the stage of that name, where the Dockerfile has one. */
function namedContexts(options: NormalisedOptions, dockerfile: string): Record<string, string> {
  return stageNames(dockerfile).includes('artifact')
    ? { artifact: options.artifact, ...options.contexts }
    : options.contexts;
}

/** The manifest digest where there is one, so that a pulled and an asked-for base agree. */
async function baseDigest(
  runner: ServiceTask['runner'],
  image: string,
  local: LocalImage | undefined,
): Promise<string | undefined> {
  const { repository, digest } = parseImageReference(image);
  if (digest) return digest;
  if (local) {
    const pulled = local.digests.find((known) =>
      parseImageReference(known).repository.endsWith(repository),
    );
    return pulled ? parseImageReference(pulled).digest : local.id;
  }
  try {
    return (await inspectRemoteImage(runner, image))?.digest;
  } catch (error) {
    // Without its digest the base counts by name; whether it can be had is for the build to say.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

function baseSize(baseImages: ReadonlyMap<string, LocalImage>): number | undefined {
  const sizes = [...baseImages.values()].map(({ size }) => size);
  return sizes.length === 1 ? sizes[0] : undefined;
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

async function carryOut(
  task: ServiceTask,
  options: NormalisedOptions,
  plan: BuildPlan,
  image: { key: ImageKey; local: string; remote: string | undefined },
): Promise<void> {
  const { runner, service, say } = task;
  switch (plan.kind) {
    case 'found':
      return;
    case 'pull': {
      const pinned = formatImageReference({
        ...parseImageReference(image.remote!),
        tag: undefined,
        digest: plan.digest,
      });
      say(`${service.name}  pulling ${image.remote!}, which has this content`);
      await runDocker(runner, ['pull', '--quiet', pinned], {}, `Could not pull ${pinned}`);
      await runDocker(runner, ['tag', pinned, image.local], {}, `Could not tag ${image.local}`);
      return;
    }
    case 'build':
      say(`${service.name}  building (${plan.reason})`);
      return runBuild(task, options, image);
  }
}

async function runBuild(
  { workspaceRoot, service, runner, say }: ServiceTask,
  options: NormalisedOptions,
  { key, local, remote }: { key: ImageKey; local: string; remote: string | undefined },
): Promise<void> {
  const dockerfile = await readFile(join(workspaceRoot, options.dockerfile), 'utf8');
  const contexts = namedContexts(options, dockerfile);
  const artifact = contexts['artifact'];
  if (artifact !== undefined && existsSync(join(workspaceRoot, artifact))) {
    await normaliseFiles(join(workspaceRoot, artifact));
  }
  const { commit, dirty, source } = await readGitFacts(runner);
  await withTemporaryFolder(async (folder) => {
    const args = buildArguments({
      ...options,
      contexts,
      buildArgs: { SOURCE_DATE_EPOCH: '0', ...options.buildArgs },
      labels: {
        [LABELS.key]: key.key,
        [LABELS.service]: service.name,
        [LABELS.title]: service.name,
        ...(commit ? { [LABELS.revision]: dirty ? `${commit}-dirty` : commit } : {}),
        ...(source ? { [LABELS.source]: source } : {}),
        ...options.labels,
      },
      secrets: options.secrets.map((secret) => formatSecret(parseSecret(secret))),
      tags: [...(options.load ? [local] : []), ...(options.push && remote ? [remote] : [])],
      pull: false,
      metadataFile: join(folder, 'metadata.json'),
    });
    await runDocker(runner, args, {}, `${options.dockerfile} could not be built`, {
      onLine: process.env['NX_VERBOSE_LOGGING'] === 'true' ? say : undefined,
    });
  });
}

/** The image that a receipt will name. @throws where the engine does not have it after all. */
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
    await runDocker(runner, ['tag', reference, tag], {}, `Could not tag ${tag}`);
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
    if (secret.kind === 'file' && !existsSync(join(workspaceRoot, secret.path))) {
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

function at<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`);
    throw error;
  }
}
