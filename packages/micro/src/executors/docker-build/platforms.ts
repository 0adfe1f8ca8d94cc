import { EngineError } from '../../docker/engine-error';
import { readEnginePlatform } from '../../effects/engine';
import { targetPlatforms, type ImagePlatform } from '../../image/image-platform';
import type { AnyEnvironment } from '../../platform/environment';
import type { ServiceTask } from '../service-task';
import type { NormalisedOptions } from './options';

/** What a build runs on, and what it builds for. */
export interface BuildPlatforms {
  /** Sorted; one of them unless the options name several. */
  target: readonly ImagePlatform[];
  /** `undefined` if no engine says what it is, as with a builder that is elsewhere. */
  build: ImagePlatform | undefined;
}

/**
 * What an image is built for: `platforms`, else what the environment says its hosts are, else
 * `DOCKER_DEFAULT_PLATFORM`, else the engine's own. It is always told to BuildKit: a bake does not
 * read `DOCKER_DEFAULT_PLATFORM` (seen with buildx 0.13), and a builder may be of another platform
 * than the engine.
 *
 * @throws {UserError} if the environment's hosts could not run what the options name.
 */
export async function readPlatforms(
  { runner }: ServiceTask,
  { platforms: options }: NormalisedOptions,
  environment: AnyEnvironment | undefined,
): Promise<BuildPlatforms> {
  const sources = {
    options,
    environment,
    variable: process.env['DOCKER_DEFAULT_PLATFORM'],
    engine: undefined,
  };
  const told = targetPlatforms(sources);
  try {
    const build = await readEnginePlatform(runner);
    return { build, target: targetPlatforms({ ...sources, engine: build }) };
  } catch (error) {
    if (told.length === 0 || !(error instanceof EngineError)) throw error;
    return { build: undefined, target: told };
  }
}
