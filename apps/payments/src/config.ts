import type { Config as ConfigOf } from '@org/chassis';
import { resourceVariables } from './resources.js';
import { links } from './links.js';

/** Checked at start, with what every service has: PORT, LOG_LEVEL and so on. */
export const variables = {
  ...links,
  ...resourceVariables,
};

export type Config = ConfigOf<typeof variables>;
