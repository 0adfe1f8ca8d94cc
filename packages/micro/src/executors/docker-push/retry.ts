import { EngineError } from '../../docker/engine-error';
import { formatSeconds } from '../../terminal/step';
import type { ServiceTask } from '../service-task';

/** First pause before a push is tried again; each further one is twice as long. */
const RETRY_PAUSE = 1000;

/** Retries what failed because of the network; never what the registry refused. */
export async function retry<T>(
  { service, clock, say }: ServiceTask,
  retries: number,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'no-registry') throw error;
      if (attempt === retries) {
        const tries = retries === 0 ? '' : `, ${retries + 1} times`;
        throw new EngineError(
          error.kind,
          `${error.message}${tries}. Check that the registry is running and that its address in the environment is right`,
          error.output,
        );
      }
      const pause = RETRY_PAUSE * 2 ** attempt;
      say(`${service.name}  ${error.message}; trying again in ${formatSeconds(pause)}`);
      await clock.sleep(pause);
    }
  }
}
