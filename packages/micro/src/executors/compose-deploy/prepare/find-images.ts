import { pullArguments } from '../../../docker/image';
import {
  inspectImages,
  readEnginePlatform,
  runDocker,
  type LocalImage,
} from '../../../effects/engine';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { limit } from '../../limit';
import type { ServiceTask } from '../../service-task';
import { type Run, attempt, readFacts, tellOf } from '../run';
import type { DesiredState } from '../../../deployment/desired-state';
import type { Rendered } from './render';
import { LABELS } from '../../../platform/image-labels';
import { parsePlatform, runsOn } from '../../../image/platform';

/** How many images are looked for, or pulled, at the same time. */
const PULLS = 8;

/**
 * Brings every image to the engine before anything is changed, so that a registry that goes away
 * ends no roll in its middle.
 *
 * @returns one of them; `undefined` where there is nothing to deploy.
 */
export async function findImages(
  run: Run,
  rendered: Rendered | undefined,
): Promise<string | undefined> {
  if (!rendered) {
    const { releases } = await readFacts(run);
    for (const { service } of run.tasks) {
      if (releases.has(service.name)) continue;
      run.failures.set(
        service.name,
        new UserError(
          `the engine of ${run.environment.name} remembers no release of ${service.name} to go back to`,
        ),
      );
    }
    const known = run.tasks.flatMap(({ service }) => releases.get(service.name) ?? []);
    return known[0]?.image;
  }
  const inTurn = limit(PULLS);
  const images = await Promise.all(
    run.tasks.map(async (task) => {
      const desired = rendered.desired.get(task.service.name);
      if (!desired) return undefined;
      return inTurn(() =>
        attempt(run, task.service.name, async () => {
          await requireImage(run, task, desired);
          return desired.image;
        }),
      );
    }),
  );
  return images.find((image) => image !== undefined);
}

/** The engine that deploys has the image, or can pull it by its digest, and can run it. */
async function requireImage(
  run: Run,
  { service }: ServiceTask,
  { image: reference, source, key, slice }: DesiredState,
): Promise<void> {
  const { runner, address, environment } = run;
  const image = (await inspectImages(runner, [reference], address)).get(reference);
  if (!image && source === 'engine') {
    throw new UserError(
      `${reference} is not on the engine of ${environment.name}: build it there with nx docker-build ${service.name}, or give ${environment.file} a "registry"`,
    );
  }
  if (!image) {
    tellOf(run, service.name)(formatStep(service.name, 'pulling', reference));
    await runDocker(runner, pullArguments(reference), address, `Could not pull ${reference}`);
  }
  const there = image ?? (await inspectImages(runner, [reference], address)).get(reference);
  if (there?.labels[LABELS.key] !== key) {
    throw new UserError(
      `${reference} does not carry the key of its receipt: run nx docker-push ${service.name} again`,
    );
  }
  await requireRunnable(run, service.name, there, slice.services[service.name]?.['platform']);
}

/**
 * @param asked the platform that the Compose entry names: an engine with an emulator runs others, too.
 * @throws {UserError} if the image is for another kind of processor than the engine's.
 */
async function requireRunnable(
  { runner, address, environment }: Run,
  service: string,
  { variant }: LocalImage,
  asked: unknown,
): Promise<void> {
  if (!variant || (typeof asked === 'string' && runsOn(variant.platform, parsePlatform(asked)))) {
    return;
  }
  const engine = await readEnginePlatform(runner, address);
  if (runsOn(variant.platform, engine)) return;
  throw new UserError(
    `the image of ${service} is for ${variant.platform}, and the engine of ${environment.name} is ${engine}: add "platform: ${engine}" to ${environment.file}, then run nx docker-build and docker-push with -c ${environment.name}. If the engine has an emulator, say "platform: ${variant.platform}" in the service's compose.yaml`,
  );
}
