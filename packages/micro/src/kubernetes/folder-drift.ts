import { canaryOf } from './canary';
import { kubectlName } from './cluster-plan';
import { differencesOf } from './difference';
import { identityOf, type LiveObject } from './live-object';
import { isOurs, type LiveObjects } from './object-plan';

/** How one object of a folder is in the cluster. */
export interface ObjectDrift {
  /** `deployment/orders` */
  object: string;
  state: 'in-step' | 'drifted' | 'missing';
  /** The paths at which the cluster has something else. */
  drift: readonly string[];
}

/**
 * Compares the objects of a folder with the cluster, whoever applied them. What others added to an object is left to
 * them.
 */
export function driftOfFolder(declared: readonly LiveObject[], live: LiveObjects): ObjectDrift[] {
  return declared.map((object) => {
    const there = live.get(identityOf(object));
    const name = { object: kubectlName(object) };
    if (!there) return { ...name, state: 'missing', drift: [] };
    const drift = differencesOf(object, there);
    return { ...name, state: drift.length === 0 ? 'in-step' : 'drifted', drift };
  });
}

/** Objects of the platform in the cluster that the folder does not have, such as those of a service that left. */
export function notInFolder(
  declared: readonly LiveObject[],
  objects: readonly LiveObject[],
): string[] {
  const names = new Set(declared.map(identityOf));
  return objects
    .filter((object) => isOurs(object) && canaryOf(object) === undefined)
    .filter((object) => !names.has(identityOf(object)))
    .map(kubectlName)
    .sort();
}
