import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { requirePlatformPackages } from '../../artifact/linux-packages';
import type { NpmLockfile } from '../../artifact/package-lock';
import { withoutAttestations } from '../../docker/attestations';
import { pullArguments } from '../../docker/image';
import { findBuildSources, stageNames, type BuildSources } from '../../dockerfile/build-sources';
import { copiedPaths } from '../../dockerfile/copied-paths';
import { DEPENDENCY_STAGE, dependencyLockfile } from '../../dockerfile/dependency-stage';
import { withoutComments } from '../../dockerfile/without-comments';
import { readContextFiles } from '../../effects/build-context';
import { inspectImages, runDocker, type LocalImage } from '../../effects/engine';
import { copyArtifact, fileReader, listFiles, readKeyFiles } from '../../effects/files';
import { makeFolderTree } from '../../effects/folder-tree';
import { artifactDigest, imageKey, type ImageKey, type KeyFile } from '../../image/image-key';
import { platformArguments } from '../../image/image-platform';
import { MANIFEST_FILE } from '../../platform/manifest';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import type { ServiceTask } from '../service-task';
import { baseContent, baseName, readBaseImages } from './base-images';
import { contextImage, contextFolder, contextRemote } from './named-contexts';
import { parseSecret, type NormalisedOptions } from './options';
import type { BuildPlatforms } from './platforms';
import { readRemoteSources } from './remote-sources';

/** What an image is made of, as it was read once. */
export interface Content {
  key: ImageKey;
  dockerfile: string;
  baseImages: ReadonlyMap<string, LocalImage>;
  /** Named contexts as the build is given them. */
  contexts: Readonly<Record<string, string>>;
  /** Whether anything is read that others may change while the image is built. */
  isShared: boolean;
}

/**
 * Hashes everything that decides the image. The artifact is hashed and built from a copy in `folder`,
 * so that a build of the same service at the same time cannot slip other files under the key.
 */
export async function readContent(
  { workspaceRoot, service, runner, clock, say }: ServiceTask,
  options: NormalisedOptions,
  platforms: BuildPlatforms,
  folder: string,
): Promise<Content> {
  const dockerfile = fileReader(workspaceRoot)(options.dockerfile);
  if (dockerfile === undefined) {
    throw new UserError(
      `${options.dockerfile} is not there: run "nx g @org/micro:containerize ${service.name}" to get one, or set "dockerfile" to your own`,
    );
  }
  const { given, sources } = at(options.dockerfile, () => {
    const given = namedContexts(options, dockerfile);
    return { given, sources: readSources(dockerfile, options, platforms, Object.keys(given)) };
  });
  const { images, problems } = readBaseImages(options.dockerfile, sources.images, platforms.target);
  const others = sources.contexts.filter((name) => name !== 'artifact');
  const remotes = await readRemoteSources(runner, options.dockerfile, [
    ...sources.remotes,
    ...others.flatMap((name) => contextRemote(given[name]!) ?? []),
  ]);
  problems.push(...remotes.problems);
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (problems.length > 0) throw new PlatformError(problems);
  if (options.pull) {
    for (const { name } of images) {
      say(`${service.name}  pulling ${name}`);
      await runDocker(runner, pullArguments(name), {}, `Could not pull ${name}`);
    }
  }
  const read = [
    ...images.map((image) => ({ image, part: baseName(image, platforms.target) })),
    ...others.flatMap((name) => {
      const image = contextImage(given[name]!, platforms.target);
      return image ? [{ image, part: `${image.name} of the context ${name}` }] : [];
    }),
    ...frontendOf(sources, options.dockerfile, platforms).map((image) => ({
      image,
      part: `${image.name} (syntax)`,
    })),
  ];
  // Asked for now, needed once the artifact is copied.
  const looking = inspectImages(runner, [...new Set(read.map(({ image }) => image.name))]);
  looking.catch(() => undefined);
  const contexts = { ...given };
  let artifact: KeyFile[] = [];
  if (sources.contexts.includes('artifact')) {
    const context = join(folder, 'artifact');
    const files = await copyArtifact(resolve(workspaceRoot, options.artifact), context, clock);
    requireArtifact(options, service, dockerfile, files);
    requirePackages(join(context, artifactDigest(files)), platforms);
    artifact = files;
    contexts['artifact'] = context;
    if (canLeaveInstallOut(dockerfile, given, platforms, files)) {
      const empty = join(folder, DEPENDENCY_STAGE);
      contexts[DEPENDENCY_STAGE] = await makeFolderTree(empty, 'out', 'app', 'node_modules');
    }
  }
  const folders = others.flatMap((name) => {
    const path = resolve(workspaceRoot, contextFolder(given[name]!));
    return isFolder(path) ? [{ name, path }] : [];
  });
  const local = await looking;
  const [context, furtherFiles, bases] = await Promise.all([
    readContextFiles(workspaceRoot, options, sources.paths),
    Promise.all(
      folders.map(
        async ({ name, path }) => [name, await readKeyFiles(path, await listFiles(path))] as const,
      ),
    ),
    Promise.all(
      read.map(
        async ({ image, part }) =>
          [part, await baseContent(runner, image, local.get(image.name))] as const,
      ),
    ),
  ]);
  return {
    dockerfile,
    baseImages: new Map(
      images.flatMap(({ name }) => (local.has(name) ? [[name, local.get(name)!]] : [])),
    ),
    contexts,
    isShared: context.length > 0 || folders.length > 0 || remotes.canMove,
    key: imageKey({
      dockerfile: withoutComments(dockerfile),
      artifact,
      context,
      contexts: Object.fromEntries(furtherFiles),
      buildArgs: options.buildArgs,
      labels: options.labels,
      target: options.target,
      platforms: platforms.target,
      baseImages: Object.fromEntries(bases),
      remotes: remotes.versions,
      options: [
        ...withoutAttestations(options.args),
        ...options.secrets.map((secret) => `secret ${parseSecret(secret).id}`),
        ...others.map((name) => `context ${name}=${given[name]!}`),
      ],
    }),
  };
}

/** @throws {UserError} if the artifact is not there, or not what the Dockerfile copies from it. */
function requireArtifact(
  { dockerfile, artifact }: NormalisedOptions,
  { name, root, build }: ServiceTask['service'],
  text: string,
  files: readonly KeyFile[] | undefined,
): asserts files is readonly KeyFile[] {
  const main = 'app/main.js';
  const copiesApp = copiedPaths(text, 'artifact').some((path) => path.includes('/app/'));
  if (files && (!copiesApp || files.some(({ path }) => path.endsWith(main)))) return;
  throw new UserError(
    `${files ? `${artifact} has no ${main}` : `${artifact} is not there`}. ${dockerfile} takes ${main} from that folder, where the executor @org/micro:build puts the bundle of ${root}/${build.entry} ("build.entry" in ${root}/${MANIFEST_FILE}). Run the target that uses it, "build" unless renamed. If "build" is a target of your own, run "nx g @org/micro:containerize ${name}", which adds one for the bundle`,
  );
}

/** @throws {UserError} if the image would lack native packages of a platform that it is built for. */
function requirePackages(artifact: string, { target }: BuildPlatforms): void {
  const text = fileReader(artifact)('app/package-lock.json');
  if (text === undefined) return;
  try {
    requirePlatformPackages(JSON.parse(text) as NpmLockfile, target);
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

/**
 * Whether an empty folder stands in for the stage that would install nothing. For the platform of the build that stage costs
 * nothing; another platform would need an emulator to run it. What the image holds is the same, and so is its key.
 */
function canLeaveInstallOut(
  dockerfile: string,
  given: Readonly<Record<string, string>>,
  { build, target }: BuildPlatforms,
  artifact: readonly KeyFile[],
): boolean {
  if (DEPENDENCY_STAGE in given || target.every((platform) => platform === build)) return false;
  const lockfile = dependencyLockfile(dockerfile);
  return lockfile !== undefined && artifact.every(({ path }) => path !== `app/${lockfile}`);
}

/** What the build reads for any of its platforms. */
function readSources(
  dockerfile: string,
  { target, buildArgs }: NormalisedOptions,
  platforms: BuildPlatforms,
  contexts: readonly string[],
): BuildSources {
  const perPlatform = (platforms.target.length > 0 ? platforms.target : [undefined]).map(
    (platform) =>
      findBuildSources(dockerfile, {
        target,
        buildArgs,
        predefined: platformArguments(platform, platforms.build),
        contexts,
      }),
  );
  const all = <Item>(items: (sources: BuildSources) => readonly Item[]) => [
    ...new Map(
      perPlatform.flatMap(items).map((item) => [JSON.stringify(item), item] as const),
    ).values(),
  ];
  return {
    images: all(({ images }) => images),
    contexts: all(({ contexts }) => contexts),
    paths: all(({ paths }) => paths),
    remotes: all(({ remotes }) => remotes),
    ...(perPlatform[0]!.syntax ? { syntax: perPlatform[0]!.syntax } : {}),
  };
}

/** The image that reads the Dockerfile decides what its instructions do; it runs on the machine that builds. */
function frontendOf({ syntax }: BuildSources, file: string, { build, target }: BuildPlatforms) {
  if (syntax === undefined) return [];
  const platforms = build === undefined ? target : [build];
  const image = { name: syntax, written: syntax, missing: [], line: 1 };
  const { images, problems } = readBaseImages(file, [image], platforms);
  if (problems.length > 0) {
    throw new UserError(`${file}:1: the syntax "${syntax}" is not an image reference`);
  }
  return images;
}

/** The artifact's folder replaces the stage of that name, if the Dockerfile has one. */
function namedContexts(options: NormalisedOptions, dockerfile: string): Record<string, string> {
  return stageNames(dockerfile).includes('artifact')
    ? { ...options.contexts, artifact: options.artifact }
    : options.contexts;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function at<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`);
    throw error;
  }
}
