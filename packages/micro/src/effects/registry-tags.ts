import { retagArguments } from '../docker/buildx';
import { EngineError } from '../docker/engine-error';
import { pullArguments, pushArguments, tagArguments } from '../docker/image';
import { copyManifestArguments, knowsNoManifestCopy, olderCopy } from '../docker/registry-tag';
import { UserError } from '../platform/user-error';
import { inspectRemoteImage, runDocker, type RemoteImage } from './engine';
import type { Runner } from './process';

/** What the registry has under some tags; those that it does not have are left out. */
export async function readRemoteTags(
  runner: Runner,
  repository: string,
  tags: readonly { tag: string }[],
): Promise<Map<string, RemoteImage>> {
  const answers = await Promise.all(
    tags.map(
      async ({ tag }) => [tag, await inspectRemoteImage(runner, `${repository}:${tag}`)] as const,
    ),
  );
  return new Map(answers.flatMap(([tag, image]) => (image ? [[tag, image] as const] : [])));
}

/**
 * Gives an image of a registry one more tag, and proves that it names the same digest.
 *
 * @param repository `registry.example.com/acme/orders`
 * @throws {EngineError | UserError} if it could not be tagged, or if its digest would change.
 */
export async function tagInRegistry(
  runner: Runner,
  repository: string,
  digest: string,
  tag: string,
): Promise<void> {
  const source = `${repository}@${digest}`;
  const target = `${repository}:${tag}`;
  const failed = `Could not tag ${source} as ${tag}`;
  try {
    await runDocker(runner, copyManifestArguments(source, target), {}, failed);
  } catch (error) {
    if (!(error instanceof EngineError) || !knowsNoManifestCopy(error.output)) throw error;
    await tagWithOlderBuildx(runner, source, target, failed);
  }
  const now = (await inspectRemoteImage(runner, target))?.digest;
  if (now !== digest) {
    throw new UserError(
      `${target} should name ${digest}, and the registry says ${now ?? 'that there is no such tag'}`,
    );
  }
}

async function tagWithOlderBuildx(
  runner: Runner,
  source: string,
  target: string,
  failed: string,
): Promise<void> {
  const copy = olderCopy((await inspectRemoteImage(runner, source))?.mediaType);
  if (copy === 'none') {
    throw new UserError(
      `${failed}: buildx is older than 0.15, and would change its digest. Update buildx ("docker buildx version" shows it)`,
    );
  }
  if (copy === 'copy index') {
    await runDocker(runner, retagArguments(source, target), {}, failed);
    return;
  }
  for (const args of [pullArguments(source), tagArguments(source, target), pushArguments(target)]) {
    await runDocker(runner, args, {}, failed);
  }
}
