import { CHANGED_SERVICE } from '../application/services.js';
import { liveOnce } from '../engine/container.js';
import type { Work } from './work.js';

const RUN = { group: 'run', warmUps: 1, needsImages: true } as const;

export const lifetime: readonly Work[] = [
  {
    ...RUN,
    id: 'start',
    title: 'start to first 200',
    unit: 'ms',
    aim: 0.8,
    measure: async ({ image }) => ({ value: (await liveOnce(image(CHANGED_SERVICE), 0)).startMs }),
  },
  {
    ...RUN,
    id: 'stop',
    title: 'docker stop',
    unit: 's',
    warmUps: 0,
    measure: async ({ image }) => ({
      value: (await liveOnce(image(CHANGED_SERVICE), 500)).stopSeconds,
    }),
  },
];
