import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pullArguments } from '../../docker/image';
import { findBuildSources, stageNames } from '../../dockerfile/build-sources';
import { copiedPaths } from '../../dockerfile/copied-paths';
import { withoutComments } from '../../dockerfile/without-comments';
import { readContextFiles } from '../../effects/build-context';
import { EngineError } from '../../docker/engine-error';
import {
  inspectImages,
  inspectRemoteImage,
  runDocker,
  type LocalImage,
} from '../../effects/engine';
import { copyArtifact, fileReader, listFiles, readKeyFiles } from '../../effects/files';
import { imageKey, type ImageKey, type KeyFile } from '../../image/image-key';
import { parseImageReference, type ImageReference } from '../../platform/image-reference';
import { MANIFEST_FILE } from '../../platform/manifest';
import { UserError } from '../../platform/user-error';
import type { ServiceTask } from '../service-task';
import { parseSecret, type NormalisedOptions } from './options';

/** What an image is made of, as it was read once. */
export interface Content {
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
export async function readContent(
  { workspaceRoot, service, runner, clock, say }: ServiceTask,
  options: NormalisedOptions,
  folder: string,
): Promise<Content> {
  const dockerfile = fileReader(workspaceRoot)(options.dockerfile);
  if (dockerfile === undefined) {
    throw new UserError(
      `${options.dockerfile} is not there: run "nx g @org/micro:containerize ${service.name}" to get one, or set "dockerfile" to your own`,
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
  // Asked for now, needed once the artifact is copied.
  const looking = inspectImages(runner, sources.images);
  looking.catch(() => undefined);
  const contexts = { ...given };
  let artifact: KeyFile[] = [];
  if (sources.contexts.includes('artifact')) {
    const context = join(folder, 'artifact');
    const files = await copyArtifact(resolve(workspaceRoot, options.artifact), context, clock);
    requireArtifact(options, service, dockerfile, files);
    artifact = files;
    contexts['artifact'] = context;
  }
  const others = sources.contexts.filter((name) => name !== 'artifact');
  const folders = others.filter((name) => isFolder(resolve(workspaceRoot, given[name]!)));
  const baseImages = await looking;
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
      dockerfile: withoutComments(dockerfile),
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

/** The artifact's folder replaces the stage of that name, where the Dockerfile has one. */
function namedContexts(options: NormalisedOptions, dockerfile: string): Record<string, string> {
  return stageNames(dockerfile).includes('artifact')
    ? { ...options.contexts, artifact: options.artifact }
    : options.contexts;
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

function at<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`);
    throw error;
  }
}
