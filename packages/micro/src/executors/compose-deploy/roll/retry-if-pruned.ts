import { saysContainerGone, saysNotFound } from '../../../docker/error-patterns';
import { EngineError } from '../../../docker/engine-error';
import { UserError } from '../../../platform/user-error';

/** How often something is made that is gone before it runs. */
const TRIES = 3;

/** What was to be started, or its image, is gone: a host may prune at any time what does not run. */
export class Pruned extends UserError {
  override readonly name = 'Pruned';
}

/**
 * Does `work` again if what it made was pruned before it ran.
 * @param before what is done before each repetition.
 */
export async function againIfPruned<T>(
  work: () => Promise<T>,
  before: () => Promise<unknown> = () => Promise.resolve(),
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isGone = error instanceof EngineError && saysContainerGone(error.output);
      if (tries === TRIES || !(isGone || error instanceof Pruned)) throw error;
      await before();
    }
  }
}

/** Makes a container of a service. @throws {Pruned} if its image is gone. */
export async function makeOf(
  service: string,
  make: (what: string) => Promise<unknown>,
): Promise<void> {
  try {
    await make(`Could not create the container of ${service}`);
  } catch (error) {
    if (!(error instanceof EngineError) || !saysNotFound(error.output)) throw error;
    throw new Pruned(error.message);
  }
}
