import type { LiveObject } from './live-object';
import type { ObjectPlan } from './object-plan';
import { bookName } from './release-book';
import type { NeededRight } from './rights';
import type { ServicePlan } from './service-plan';

/** What the roll of a service does with its objects. Server-side apply needs `create` as well for what is not there. */
export function neededRights(plan: ServicePlan): NeededRight[] {
  const { service, action, objects, obsolete, datastores, jobs, current } = plan;
  if (action === 'keep') return [];
  const entries = [...datastores, ...jobs];
  const all = [...objects, ...entries.flatMap((one) => one.objects)];
  const hasSecret = [plan, ...entries].some(({ secret }) => secret);
  return [
    ...all.flatMap(rightFor),
    ...obsolete.map(rightToDelete),
    ...(hasSecret ? [{ apiVersion: 'v1', kind: 'Secret', name: service, verbs: ['create'] }] : []),
    {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', name: bookName(service) },
      verbs: current ? ['patch'] : ['create', 'patch'],
    },
  ];
}

/** The same of what belongs to no single service. */
export function neededForShared(shared: readonly ObjectPlan[]): NeededRight[] {
  return shared.flatMap(rightFor);
}

function rightFor({ kind, object }: ObjectPlan): NeededRight[] {
  if (kind === 'keep') return [];
  const verbs = kind === 'create' ? ['create', 'patch'] : ['patch'];
  return [{ ...nameOf(object), verbs }];
}

function rightToDelete(object: LiveObject): NeededRight {
  return { ...nameOf(object), verbs: ['delete'] };
}

function nameOf({ apiVersion, kind, metadata }: ObjectPlan['object'] | LiveObject) {
  return { apiVersion, kind, name: metadata!.name! };
}
