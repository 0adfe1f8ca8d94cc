import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { systemClock } from '../../effects/clock';
import { parseEnvironment } from '../../platform/environment';
import { failure, recordingRunner } from '../../testing/recording-runner';
import { startNeeds } from './deploy-one';

it('startNeeds: a start that fails while that of another service goes on fails this one alone', async () => {
  const broker = sleep(50);
  const runner = recordingRunner(() => failure('no space left on device'));
  const work = startNeeds(
    {
      runner,
      address: {},
      environment: parseEnvironment('development', ''),
      alone: (start) => start(),
      clock: systemClock,
      tasks: [],
      tell: () => undefined,
    },
    { name: 'acme-development', files: [] },
    { service: 'orders', starts: ['broker', 'cache'] },
    new Map([['broker', broker]]),
  );
  // Vitest fails where a rejection has nobody who awaits it.
  await expect(work).rejects.toThrow(/^Could not start what orders needs \(cache\)/);
  await broker;
});
