import { readEnginePlatform } from '../effects/engine';
import { parseImagePlatform, runsOn, type ImagePlatform } from '../image/image-platform';
import type { BuildReceipt } from '../image/receipt';
import { runsElsewhere, type AnyEnvironment } from '../platform/environment';
import { UserError } from '../platform/user-error';
import type { ServiceTask } from './service-task';

/** How long the engine of an environment may take to say what it runs, in milliseconds. */
const PLATFORM_TIMEOUT = 10_000;

/** @throws {UserError} if the environment's engine could not run what would be pushed for it. */
export async function requireRunnable(
  { runner, service, say }: ServiceTask,
  { image, platforms = [] }: BuildReceipt,
  environment: AnyEnvironment,
): Promise<void> {
  if (platforms.length === 0) return;
  const there = await platformOf(runner, environment);
  if (!there || platforms.some((one) => runsOn(one, there))) return;
  if (environment.platform === undefined && !runsElsewhere(environment)) {
    // It may be pulled by engines that the environment does not name.
    say(
      `${service.name}  warning: ${image} is for ${platforms.join(' and ')}, and the engine of this machine is ${there}`,
    );
    return;
  }
  const says = environment.platform === undefined ? 'its engine is' : `${environment.file} says`;
  throw new UserError(
    `${image} is for ${platforms.join(' and ')} and cannot run in ${environment.name}: ${says} ${there}. Run nx docker-build ${service.name} with "platforms": ["${there}"], or with -c ${environment.name} once ${environment.file} has "platform: ${there}"`,
  );
}

/** What an environment says of its hosts, else what its engine answers. */
async function platformOf(
  runner: ServiceTask['runner'],
  environment: AnyEnvironment,
): Promise<ImagePlatform | undefined> {
  if (environment.platform !== undefined) return parseImagePlatform(environment.platform);
  if (environment.engine !== 'compose') return undefined;
  const { context, host } = environment;
  try {
    return await readEnginePlatform(runner, { context, host }, { timeout: PLATFORM_TIMEOUT });
  } catch (error) {
    // Who pushes need not reach the engine; compose-deploy looks again.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
