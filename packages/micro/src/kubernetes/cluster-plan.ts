import { canaryOf } from './canary';
import { byEntry, entryOf, identityOf, type LiveObject, type Named } from './live-object';
import { isOurs, type ObjectPlan } from './object-plan';
import type { DesiredService } from './desired-service';
import { changesPart, type PartPlan } from './part-plan';
import {
  planDatastore,
  type ClusterFacts,
  type DatastorePlan,
  type ServicePlan,
} from './service-plan';

/** What a whole run does, in the order in which services are rolled. */
export interface ClusterPlan {
  environment: string;
  context: string;
  namespace: string;
  rollback: boolean;
  services: readonly ServicePlan[];
  /** What belongs to no single service. */
  shared: readonly ObjectPlan[];
  /** The broker of the cluster, if services of the run use it. */
  broker?: BrokerPlan;
  /** What observes the platform; nothing if the environment runs nothing of it. */
  parts: readonly PartPlan[];
  /** Objects of services and datastores that left the workspace, by the name of their entry. */
  left: ReadonlyMap<string, readonly Named[]>;
  prune: boolean;
}

/** What to do with the broker, before the services of the run that use it. */
export interface BrokerPlan extends DatastorePlan {
  users: readonly string[];
}

/** Services share it, so that it is planned once. */
export function planBroker(
  services: readonly DesiredService[],
  facts: ClusterFacts,
): BrokerPlan | undefined {
  const users = services.filter(({ broker }) => broker !== undefined);
  const [first] = users;
  if (!first?.broker) return undefined;
  return { ...planDatastore(first.broker, facts), users: users.map(({ service }) => service) };
}

/** Whether something of the broker is written. One that is `left` may get another network policy. */
export function changesBroker({ objects, secret }: BrokerPlan): boolean {
  return secret || objects.some(({ kind }) => kind !== 'keep');
}

/** Whether everything is up to date, so that the run writes nothing. */
export function changesNothing(plan: ClusterPlan): boolean {
  const { services, shared, broker, parts, left, prune } = plan;
  return (
    !(broker && changesBroker(broker)) &&
    services.every(({ action }) => action === 'keep') &&
    shared.every(({ kind }) => kind === 'keep') &&
    !parts.some(changesPart) &&
    !(prune && left.size > 0)
  );
}

/** Kinds that start pods by themselves: what is left without one is no service. */
const WORKLOADS = ['Deployment', 'StatefulSet'];

/**
 * Objects of what left the workspace.
 * @param names of every service and datastore of the workspace.
 */
export function leftObjects(
  objects: readonly LiveObject[],
  names: ReadonlySet<string>,
): Map<string, Named[]> {
  const ours = objects.filter(isOurs);
  const gone = ours
    .filter(({ kind }) => WORKLOADS.includes(kind))
    // A canary lives as long as its service.
    .filter((object) => !names.has(canaryOf(object) ?? ''))
    .flatMap((object) => entryOf(object) ?? [])
    .filter((name) => !names.has(name))
    .sort();
  const groups = byEntry(ours);
  return new Map(
    gone.map((name) => {
      const own = groups.get(name) ?? [];
      return [name, [...own, ...rolesOf(name, own)]];
    }),
  );
}

interface HasToken {
  spec?: { template?: { spec?: { automountServiceAccountToken?: boolean } } };
}

/** What lets the pods of an entry speak to the API server. It is listed only while the environment runs observability. */
function rolesOf(name: string, objects: readonly LiveObject[]): Named[] {
  const hasToken = objects.some(
    (object) => (object as HasToken).spec?.template?.spec?.automountServiceAccountToken === true,
  );
  if (!hasToken || objects.some(({ kind }) => kind === 'Role')) return [];
  return ['RoleBinding', 'Role'].map((kind) => ({ kind, metadata: { name } }));
}

/** `deployment/orders`, as kubectl names it. */
export function kubectlName(object: Named): string {
  const [kind, name] = identityOf(object).split('/');
  return `${kind!.toLowerCase()}/${name}`;
}
