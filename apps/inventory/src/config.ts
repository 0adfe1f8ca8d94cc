import type { Config as ConfigOf } from '@org/chassis';
import { grpcVariables } from '@org/chassis/grpc';
import { callerVariables } from './callers.js';
import { resourceVariables } from './resources.js';
import { links } from './links.js';

/** Checked at startup, together with the variables of every service, such as PORT and LOG_LEVEL. */
export const variables = {
  ...links,
  ...resourceVariables,
  ...grpcVariables,
  ...callerVariables,
};

export type Config = ConfigOf<typeof variables>;
