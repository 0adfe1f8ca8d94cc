import { CHANGED_SERVICE } from '../application/services.js';
import { ELSEWHERE, HERE } from '../contenders/micro.js';
import { wipe } from '../engine/wipe.js';
import type { Site } from '../site.js';
import { runAll, runOne, timeBuild } from './build.js';
import type { Work } from './work.js';

const COLD = { group: 'time', unit: 's', warmUps: 0, needsImages: false, prepare: wipe } as const;

export const coldAll: Work = {
  ...COLD,
  id: 'cold-all',
  title: 'cold, all 8',
  aim: 0.28,
  measure: (site) => timeBuild(site, runAll(site)),
};

export const coldOne: Work = {
  ...COLD,
  id: 'cold-one',
  title: 'cold, one',
  measure: (site) => timeBuild(site, runOne(site, CHANGED_SERVICE)),
};

/** The images of the commit are in the registry, and this machine has nothing, like a new CI runner. */
const FRESH = {
  ...COLD,
  contenders: ['micro'],
  sameAs: 'cold-all',
} as const satisfies Partial<Work>;

/** What a deploy to that environment needs. After the first one, the registry has all of it. */
const push = ({ contender }: Site, environment: string) => [
  'run-many',
  `--targets=${contender.pushTarget}`,
  `--configuration=${environment}`,
];

export const fresh: readonly Work[] = [
  {
    ...FRESH,
    id: 'fresh',
    title: 'fresh machine, full registry, deploys elsewhere',
    aim: 0.15,
    open: async (site) => void (await site.time(push(site, ELSEWHERE))),
    measure: (site) => timeBuild(site, push(site, ELSEWHERE)),
  },
  {
    ...FRESH,
    id: 'fresh-here',
    title: 'the same, and the images are wanted here',
    open: async (site) => void (await site.time(push(site, HERE))),
    measure: (site) => timeBuild(site, push(site, HERE)),
  },
];
