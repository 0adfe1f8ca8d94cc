import { pullArguments } from '../../../docker/image';
import {
  inspectImages,
  readEnginePlatform,
  runDocker,
  type LocalImage,
} from '../../../effects/engine';
import { requireSigned } from '../../../effects/signatures';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { limit } from '../../../effects/limit';
import { tellOf } from '../../deploy-request';
import { attempt } from '../../deploy-failures';
import { type Run, readFacts } from '../run';
import type { DesiredState } from '../../../deployment/desired-state';
import type { RunPlan } from '../../../deployment/run-plan';
import type { Rendered } from './render';
import { LABELS } from '../../../platform/image-labels';
import { parseImagePlatform, runsOn } from '../../../image/image-platform';

/** How many images are looked for, or pulled, at the same time. */
const PULLS = 8;
/** How often an image is pulled if it disappears again at once. */
const PULL_TRIES = 3;

/**
 * Checks the signature of every image, if the environment demands one, and pulls it before anything is changed, so that
 * losing the registry cannot break a roll half way.
 *
 * @returns whether there is anything to deploy.
 */
export async function findImages(run: Run, rendered: Rendered | undefined): Promise<boolean> {
  const { tasks, failures, environment } = run;
  if (!rendered) {
    const { releases } = await readFacts(run);
    for (const { service } of tasks) {
      if (releases.has(service.name)) continue;
      failures.set(
        service.name,
        new UserError(
          `the engine of ${environment.name} remembers no release of ${service.name} to go back to`,
        ),
      );
    }
  } else {
    await findAll(run, [...rendered.desired.values()]);
  }
  return tasks.some(({ service }) => !failures.has(service.name));
}

/** The same for a rollback, whose images may have been pruned. */
export async function findRecordedImages(run: Run, { services }: RunPlan): Promise<void> {
  const changed = services.filter(({ plan }) => plan.kind !== 'keep');
  await findAll(
    run,
    changed.map(({ desired }) => desired),
  );
}

async function findAll(run: Run, all: readonly DesiredState[]): Promise<void> {
  const inTurn = limit(PULLS);
  await Promise.all(
    all.map((desired) =>
      inTurn(() =>
        attempt(run, desired.service, async () => {
          await requireSigned(run, desired.image);
          await requireImage(run, desired);
        }),
      ),
    ),
  );
}

/** Makes sure that the engine has the image, pulls it by digest if not, and checks that the engine can run it. */
export async function requireImage(
  run: Run,
  { service, image: reference, source, key, slice, release }: DesiredState,
): Promise<void> {
  const { runner, address, environment } = run;
  const image = (await inspectImages(runner, [reference], address)).get(reference);
  if (!image && source === 'engine') {
    throw new UserError(
      release
        ? `${reference}, the image of r${release.number} of ${service}, is not on the engine of ${environment.name} any more, and no registry has it: "docker image prune --all" and "docker system prune --all" remove images without a container. Add a "registry" to ${environment.file}, so that releases can be pulled again`
        : `${reference} is not on the engine of ${environment.name}: build it there with nx docker-build ${service}, or add a "registry" to ${environment.file}`,
    );
  }
  let there = image;
  // A prune on the host may remove the image between pull and look-up.
  for (let tries = 0; !there && tries < PULL_TRIES; tries++) {
    tellOf(run, service)(formatStep(service, 'pulling', reference));
    await runDocker(runner, pullArguments(reference), address, `Could not pull ${reference}`);
    there = (await inspectImages(runner, [reference], address)).get(reference);
  }
  if (!there) {
    throw new UserError(
      `${reference} was pulled ${PULL_TRIES} times and is not on the engine of ${environment.name}: something removes images there, such as "docker system prune"; deploy again once it has ended`,
    );
  }
  if (there.labels[LABELS.key] !== key) {
    throw new UserError(
      `${reference} does not have the image key that its receipt says: run nx docker-push ${service} again`,
    );
  }
  await requireRunnable(run, service, there, slice.services[service]?.['platform']);
}

/**
 * @param asked the platform in the Compose entry, for engines that can emulate others.
 * @throws {UserError} if the image is for another kind of processor than the engine's.
 */
async function requireRunnable(
  { runner, address, environment }: Run,
  service: string,
  { variant }: LocalImage,
  asked: unknown,
): Promise<void> {
  if (
    !variant ||
    (typeof asked === 'string' && runsOn(variant.platform, parseImagePlatform(asked)))
  ) {
    return;
  }
  const engine = await readEnginePlatform(runner, address);
  if (runsOn(variant.platform, engine)) return;
  throw new UserError(
    `the image of ${service} is for ${variant.platform}, and the engine of ${environment.name} is ${engine}: add "platform: ${engine}" to ${environment.file}, then run nx docker-build and docker-push with -c ${environment.name}. If the engine has an emulator, set "platform: ${variant.platform}" in the service's compose.yaml`,
  );
}
