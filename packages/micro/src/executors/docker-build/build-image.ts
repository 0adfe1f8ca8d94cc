import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findBuildSources, stageNames } from '../../dockerfile/build-sources';
import { buildArguments } from '../../docker/buildx';
import { docker } from '../../docker/command';
import { pullArguments, removeArguments, tagArguments } from '../../docker/image';
import { readContextFiles } from '../../effects/build-context';
import {
  EngineError,
  inspectImages,
  inspectRemoteImage,
  runBuildx,
  runDocker,
  type LocalImage,
  type RemoteImage,
} from '../../effects/engine';
import { timestamp } from '../../effects/clock';
import { readEnvironment } from '../../effects/environments';
import {
  copyNormalised,
  fileReader,
  listFiles,
  readKeyFiles,
  withTemporaryFolder,
} from '../../effects/files';
import { readGitFacts } from '../../effects/git';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import {
  changedParts,
  imageKey,
  keyTag,
  LABELS,
  type ImageKey,
  type KeyFile,
} from '../../image/image-key';
import { buildReceiptSchema, receiptFile, type BuildReceipt } from '../../image/receipt';
import { fillTag } from '../../image/tags';
import {
  formatImageReference,
  parseImageReference,
  serviceRepository,
  type ImageReference,
} from '../../platform/image-reference';
import { UserError } from '../../platform/user-error';
import { formatBytes, formatList, formatSeconds, formatStep } from '../format';
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
  const started = task.clock.now();
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

  await withTemporaryFolder(async (folder) => {
    const content = await readContent(task, options, folder);
    const { key, baseImages } = content;
    const tag = keyTag(key.key);
    const local = `${serviceRepository(platformName, service.name)}:${tag}`;
    const remote = registry && `${serviceRepository(platformName, service.name, registry)}:${tag}`;
    const file = receiptFile(service.root, 'docker-build');
    const previous = await readReceipt(workspaceRoot, file, buildReceiptSchema);
    const tags = await furtherTags(task, options, key);

    const onEngine = options.load ? (await inspectImages(runner, [local])).get(local) : undefined;
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
      push: options.push,
    });
    await carryOut(task, options, plan, { content, folder, local, remote });

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
      since: timestamp(task.clock),
    };
    await writeReceipt(workspaceRoot, file, receipt, previous);
    const over =
      image && base !== undefined ? `  ${formatBytes(image.size - base)} over its base` : '';
    say(
      formatStep(
        service.name,
        VERBS[plan.kind],
        `${receipt.image}${over}  ${formatSeconds(task.clock.now() - started)}`,
      ),
    );
  });
}

const VERBS: Record<BuildPlan['kind'], string> = {
  found: 'up to date',
  pull: 'pulled',
  build: 'built',
};

/** What an image is made of, as it was read once. */
interface Content {
  key: ImageKey;
  baseImages: ReadonlyMap<string, LocalImage>;
  /** Named contexts as the build is given them. */
  contexts: Readonly<Record<string, string>>;
  /** Whether files are read that others may change while the image is built. */
  isShared: boolean;
}

/**
 * Hashes everything that decides the image. The artifact is hashed and built from a copy in `folder`,
 * so that a build of the same service at the same time cannot slip other files under the key.
 */
async function readContent(
  { workspaceRoot, service, runner, say }: ServiceTask,
  options: NormalisedOptions,
  folder: string,
): Promise<Content> {
  const dockerfile = fileReader(workspaceRoot)(options.dockerfile);
  if (dockerfile === undefined) {
    throw new UserError(
      `${options.dockerfile} is not there: run "nx g @org/micro:service ${service.name}" again to get one, or set "dockerfile"`,
    );
  }
  const given = at(options.dockerfile, () => namedContexts(options, dockerfile));
  const sources = at(options.dockerfile, () =>
    findBuildSources(dockerfile, {
      target: options.target,
      buildArgs: options.buildArgs,
      contexts: Object.keys(given),
    }),
  );
  const images = sources.images.map((image) => at(options.dockerfile, () => baseImage(image)));
  if (options.pull) {
    for (const image of sources.images) {
      say(`${service.name}  pulling ${image}`);
      await runDocker(runner, pullArguments(image), {}, `Could not pull ${image}`);
    }
  }
  const contexts = { ...given };
  let artifact: KeyFile[] = [];
  if (sources.contexts.includes('artifact')) {
    const from = resolve(workspaceRoot, options.artifact);
    if (!existsSync(from)) {
      throw new UserError(
        `${options.artifact} is not there: run "nx build ${service.name}" first (docker-build depends on it unless a project.json says otherwise)`,
      );
    }
    contexts['artifact'] = join(folder, 'artifact');
    artifact = await copyArtifact(from, contexts['artifact'], options.artifact);
  }
  const others = sources.contexts.filter((name) => name !== 'artifact');
  const folders = others.filter((name) => isFolder(resolve(workspaceRoot, given[name]!)));
  const baseImages = await inspectImages(runner, sources.images);
  const [context, furtherFiles, digests] = await Promise.all([
    readContextFiles(workspaceRoot, options, sources.paths),
    Promise.all(
      folders.map(async (name) => {
        const from = resolve(workspaceRoot, given[name]!);
        return [name, await readKeyFiles(from, await listFiles(from))] as const;
      }),
    ),
    Promise.all(
      images.map(
        async (image) =>
          [image.name, await baseDigest(runner, image, baseImages.get(image.name))] as const,
      ),
    ),
  ]);
  return {
    baseImages,
    contexts,
    isShared: context.length > 0 || folders.length > 0,
    key: imageKey({
      dockerfile,
      artifact,
      context,
      contexts: Object.fromEntries(furtherFiles),
      buildArgs: options.buildArgs,
      labels: options.labels,
      target: options.target,
      platforms: options.platforms,
      baseImages: Object.fromEntries(digests),
      options: [
        ...options.args,
        ...options.secrets.map((secret) => `secret ${parseSecret(secret).id}`),
        ...others.map((name) => `context ${name}=${given[name]!}`),
      ],
    }),
  };
}

/** The artifact's folder replaces the stage of that name, where the Dockerfile has one. */
function namedContexts(options: NormalisedOptions, dockerfile: string): Record<string, string> {
  return stageNames(dockerfile).includes('artifact')
    ? { ...options.contexts, artifact: options.artifact }
    : options.contexts;
}

async function copyArtifact(from: string, to: string, name: string): Promise<KeyFile[]> {
  try {
    const paths = await listFiles(from);
    await copyNormalised(from, paths, to);
    return await readKeyFiles(to, paths);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UserError(`${name} was built anew while it was read: run this again`);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

interface BaseImage {
  /** As the Dockerfile has it. */
  name: string;
  reference: ImageReference;
}

function baseImage(name: string): BaseImage {
  try {
    return { name, reference: parseImageReference(name) };
  } catch {
    throw new UserError(
      name.includes('$')
        ? `the base image "${name}" has a variable without a value: give its ARG a default, or set it in "buildArgs"`
        : `the base image "${name}" is not an image reference`,
    );
  }
}

/** The manifest digest where there is one, so that a pulled and an asked-for base agree. */
async function baseDigest(
  runner: ServiceTask['runner'],
  { name, reference }: BaseImage,
  local: LocalImage | undefined,
): Promise<string | undefined> {
  if (reference.digest) return reference.digest;
  if (local) {
    const pulled = local.digests
      .map(parseImageReference)
      .find((known) => fullRepository(known) === fullRepository(reference));
    return pulled?.digest ?? local.id;
  }
  try {
    return (await inspectRemoteImage(runner, name))?.digest;
  } catch (error) {
    // Without its digest the base counts by name; whether it can be had is for the build to say.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** `node` -> `docker.io/library/node`, as docker itself completes a name. */
function fullRepository({ registry = 'docker.io', repository }: ImageReference): string {
  const isOfficial = registry === 'docker.io' && !repository.includes('/');
  return `${registry}/${isOfficial ? 'library/' : ''}${repository}`;
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

interface Image {
  content: Content;
  /** A folder of this task alone. */
  folder: string;
  local: string;
  remote: string | undefined;
}

async function carryOut(
  task: ServiceTask,
  options: NormalisedOptions,
  plan: BuildPlan,
  image: Image,
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
      await runDocker(runner, pullArguments(pinned), {}, `Could not pull ${pinned}`);
      await runDocker(
        runner,
        tagArguments(pinned, image.local),
        {},
        `Could not tag ${image.local}`,
      );
      return;
    }
    case 'build':
      say(`${service.name}  building (${plan.reason})`);
      return runBuild(task, options, image);
  }
}

async function runBuild(
  task: ServiceTask,
  options: NormalisedOptions,
  { content, folder, local, remote }: Image,
): Promise<void> {
  const { service, runner, say } = task;
  const { commit, dirty, source } = await readGitFacts(runner);
  // With --push every tag is pushed, so the local name, which has no registry, must not be among them.
  const reference = options.push ? remote! : local;
  const args = buildArguments({
    ...options,
    contexts: content.contexts,
    buildArgs: { SOURCE_DATE_EPOCH: '0', ...options.buildArgs },
    labels: {
      [LABELS.title]: service.name,
      ...(commit ? { [LABELS.revision]: dirty ? `${commit}-dirty` : commit } : {}),
      ...(source ? { [LABELS.source]: source } : {}),
      ...options.labels,
      [LABELS.key]: content.key.key,
      [LABELS.service]: service.name,
    },
    secrets: options.secrets.map((secret) => formatSecret(parseSecret(secret))),
    tags: [reference],
    pull: false,
    metadataFile: join(folder, 'metadata.json'),
  });
  await runBuildx(runner, args, options.dockerfile, {
    onLine: process.env['NX_VERBOSE_LOGGING'] === 'true' ? say : undefined,
  });
  if (options.load && reference !== local) {
    await runDocker(runner, tagArguments(reference, local), {}, `Could not tag ${local}`);
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

function at<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`);
    throw error;
  }
}
