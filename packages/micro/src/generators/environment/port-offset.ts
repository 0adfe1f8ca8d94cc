import type { Tree } from '@nx/devkit';
import { ENVIRONMENTS_FOLDER, parseEnvironment, runsElsewhere } from '../../platform/environment';
import { PlatformError } from '../../platform/problem';

/** Platforms have fewer ports than that, which start at 3001. */
const STEP = 1000;

/** What an environment on this machine's engine adds to ports, so that it runs beside those that are there. */
export function freePortOffset(tree: Tree): number {
  const taken = tree.children(ENVIRONMENTS_FOLDER).flatMap((file) => offsetOf(tree, file));
  return taken.length === 0 ? 0 : Math.max(...taken) + STEP;
}

function offsetOf(tree: Tree, file: string): number[] {
  const name = /^([^.]+)\.yml$/.exec(file)?.[1];
  if (name === undefined) return [];
  try {
    const text = tree.read(`${ENVIRONMENTS_FOLDER}/${file}`, 'utf8') ?? '';
    const environment = parseEnvironment(name, text);
    return runsElsewhere(environment) ? [] : [environment.portOffset];
  } catch (error) {
    // What is wrong with another environment is told by whoever uses it.
    if (!(error instanceof PlatformError)) throw error;
    return [];
  }
}
