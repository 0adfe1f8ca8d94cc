import { NOTHING } from '../application/nothing.js';
import { CHANGED_SERVICE } from '../application/services.js';
import { runAll, runOne, timeBuild } from './build.js';
import { DAEMON, stopDaemon } from './daemon.js';
import type { Work } from './work.js';

const NO_CHANGE = { group: 'time', unit: 's', warmUps: 2, needsImages: true } as const;
const nothing = ['run-many', `--targets=${NOTHING}`];

/** With and without Nx's daemon: no target at all, one service, all services. */
export const noChange: readonly Work[] = [
  {
    ...NO_CHANGE,
    id: 'nothing',
    title: 'Nx doing nothing (8 cached no-ops)',
    needsImages: false,
    measure: async (site) => ({ value: await site.time(nothing) }),
  },
  {
    ...NO_CHANGE,
    id: 'no-change-one',
    title: 'no change, one',
    aim: 1,
    measure: (site) => timeBuild(site, runOne(site, CHANGED_SERVICE)),
  },
  {
    ...NO_CHANGE,
    id: 'no-change-all',
    title: 'no change, all 8',
    aim: 0.8,
    measure: (site) => timeBuild(site, runAll(site)),
  },
  {
    ...NO_CHANGE,
    id: 'nothing-daemon',
    title: 'Nx doing nothing, daemon on',
    needsImages: false,
    measure: async (site) => ({ value: await site.time(nothing, DAEMON) }),
    close: stopDaemon,
  },
  {
    ...NO_CHANGE,
    id: 'no-change-one-daemon',
    title: 'no change, one, daemon on',
    measure: (site) => timeBuild(site, runOne(site, CHANGED_SERVICE), DAEMON),
    close: stopDaemon,
  },
  {
    ...NO_CHANGE,
    id: 'no-change-all-daemon',
    title: 'no change, all 8, daemon on',
    measure: (site) => timeBuild(site, runAll(site), DAEMON),
    close: stopDaemon,
  },
];
