import { changes } from './changes.js';
import { coldAll, coldOne, fresh } from './cold.js';
import { floor } from './floor.js';
import { lifetime } from './lifetime.js';
import { noChange } from './no-change.js';
import type { Work } from './work.js';

/** In the order in which they are measured and shown. */
export const WORKS: readonly Work[] = [
  coldAll,
  coldOne,
  ...fresh,
  ...noChange,
  ...changes,
  ...lifetime,
  ...floor,
];
