import { formatReason, type Resource, type ResourceHost } from '@org/chassis';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Chore {
  name: string;
  pauseMs: number;
  /** @throws if it failed; the next one is after the pause. */
  work: (log: ResourceHost['log']) => Promise<void>;
}

/** Works again and again while the service runs, with a pause between. */
export function regularly({ name, pauseMs, work }: Chore): Resource {
  const stopped = new AbortController();
  let running: Promise<void> | undefined;

  async function run({ log }: ResourceHost): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await work(log);
      } catch (error) {
        log.error({ reason: formatReason(error) }, `${name} failed`);
      }
      await sleep(pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  return {
    name,
    kind: 'relay',
    start: (host) => void (running = run(host)),
    check: () => Promise.resolve(),
    stop: async () => {
      stopped.abort();
      await running;
    },
    close: () => Promise.resolve(),
  };
}
