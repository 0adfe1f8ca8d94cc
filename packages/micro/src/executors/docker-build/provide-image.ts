import { visible } from '../../platform/visible';
import { buildArguments } from '../../docker/buildx';
import { docker } from '../../docker/command';
import { pullArguments, removeArguments, tagArguments } from '../../docker/image';
import { runBuildx, runDocker } from '../../effects/engine';
import { withTemporaryFolder } from '../../effects/files';
import { changedParts } from '../../image/image-key';
import { formatImageReference, parseImageReference } from '../../platform/image-reference';
import { UserError } from '../../platform/user-error';
import { formatList } from '../../terminal/step';
import { buildRequest, builtReference } from './build-request';
import { readContent } from './image-content';
import type { PreparedImage } from './prepare-image';

/** Carries the plan out for one image. */
export async function provideImage(prepared: PreparedImage): Promise<void> {
  const { plan, task } = prepared;
  switch (plan.kind) {
    case 'found':
      return;
    case 'pull':
      return pullImage(prepared, plan.digest);
    case 'build': {
      task.say(`${task.service.name}  building (${plan.reason})`);
      const request = await buildRequest(prepared);
      const args = buildArguments(request);
      await runBuildx(task.runner, args, request.dockerfile, {
        // What steps of a build print may hold anything.
        onLine:
          process.env['NX_VERBOSE_LOGGING'] === 'true'
            ? (line) => task.say(visible(line))
            : undefined,
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

/** Makes sure that what was built is what the key says, under the engine's own name. */
export async function acceptBuild(prepared: PreparedImage): Promise<void> {
  const { task, options, content, local } = prepared;
  const reference = builtReference(prepared);
  if (options.load && reference !== local) {
    await runDocker(task.runner, tagArguments(reference, local), {}, `Could not tag ${local}`);
  }
  if (content.isShared) await requireUnchanged(prepared, reference);
}

/** Files outside the artifact are not copied: a key must not stand on an image of other files. */
async function requireUnchanged(
  { task, options, platforms, content: { key } }: PreparedImage,
  reference: string,
): Promise<void> {
  const now = await withTemporaryFolder((folder) =>
    readContent(task, { ...options, pull: false }, platforms, folder),
  );
  const changed = changedParts(key.parts, now.key.parts);
  if (changed.length === 0) return;
  await task.runner.run(docker(removeArguments(reference)));
  throw new UserError(
    `${formatList(changed)} changed while ${task.service.name} was built: run this again`,
  );
}
