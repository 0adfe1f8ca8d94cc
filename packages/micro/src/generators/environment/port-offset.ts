import type { Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { parseEnvironment, runsElsewhere } from '../../platform/environment';
import { PlatformError } from '../../platform/problem';
import { readTreeEnvironments } from '../workspace-tree';

/** Platforms have fewer ports than that, which start at 3001. */
const STEP = 1000;

/** What an environment on this machine's engine adds to ports, so that it runs beside those that are there. */
export function freePortOffset(tree: Tree): number {
  const taken = Object.entries(readTreeEnvironments(tree)).flatMap(offsetOf);
  return taken.length === 0 ? 0 : Math.max(...taken) + STEP;
}

function offsetOf([file, text]: [string, string]): number[] {
  try {
    const environment = parseEnvironment(posix.basename(file, '.yml'), text);
    return runsElsewhere(environment) ? [] : [environment.portOffset];
  } catch (error) {
    // Problems of another environment are reported when it is used.
    if (!(error instanceof PlatformError)) throw error;
    return [];
  }
}
