import { kubectlName } from './cluster-plan';
import type { ObjectPlan } from './object-plan';
import type { ServicePlan } from './service-plan';

/** The objects that a service makes, with its datastores and jobs: they must not be there. */
export function createdNames({ objects, datastores, jobs }: ServicePlan): string[] {
  const all = [objects, ...datastores.map((one) => one.objects), ...jobs.map((one) => one.objects)];
  return all.flat().filter(isCreated).map(nameOf);
}

/** The same of what belongs to no single service. */
export function createdShared(shared: readonly ObjectPlan[]): string[] {
  return shared.filter(isCreated).map(nameOf);
}

/**
 * Names as `kubectl get --output name` prints them, without the group: `deployment.apps/orders` is `deployment/orders`.
 */
export function parseNames(text: string): Set<string> {
  const lines = text.split('\n').filter(Boolean);
  return new Set(lines.map((line) => line.replace(/^([^./]+)\.[^/]+\//, '$1/')));
}

function isCreated({ kind }: ObjectPlan): boolean {
  return kind === 'create';
}

function nameOf({ object }: ObjectPlan): string {
  return kubectlName(object);
}
