import { CONTENDER_IDS, type Contender, type ContenderId } from './contender.js';
import { micro } from './micro.js';
import { nxContainer } from './nx-container.js';
import { nxDocker } from './nx-docker.js';
import { textbook } from './textbook.js';

const ALL: Record<ContenderId, Contender> = {
  'nx-docker': nxDocker,
  'nx-container': nxContainer,
  textbook,
  micro,
};

/** Peers first, in the order of their columns. */
export const CONTENDERS: readonly Contender[] = CONTENDER_IDS.map((id) => ALL[id]);
