import { entryOf, parseObjects, type LiveObject } from '../kubernetes/live-object';
import { getArguments, getNamesArguments } from '../kubernetes/kubectl';
import { selectorOfPlatform, type Scope } from '../kubernetes/object';
import { parseNames } from '../kubernetes/foreign-objects';
import { liveObjects } from '../kubernetes/object-plan';
import type { Pod } from '../kubernetes/pod-trouble';
import { isBook, parseBook, type ClusterBook } from '../kubernetes/release-book';
import type { ClusterFacts } from '../kubernetes/service-plan';
import { UserError } from '../platform/user-error';
import { beingDeleted, ClusterError, runKubectl, type Cluster } from './cluster';

/** All kinds that are rendered, but for routes, which not every cluster has. */
const KINDS = [
  ...['deployments.apps', 'statefulsets.apps', 'services', 'serviceaccounts', 'jobs.batch'],
  ...['networkpolicies.networking.k8s.io', 'ingresses.networking.k8s.io'],
  ...['horizontalpodautoscalers.autoscaling', 'poddisruptionbudgets.policy', 'configmaps'],
];
const ROUTES = 'httproutes.gateway.networking.k8s.io';

/** The state of a platform in its namespace. */
export interface ClusterState extends ClusterFacts {
  objects: readonly LiveObject[];
}

/** Reads all objects of a platform: one list per kind, however many services there are. */
export async function readClusterState(cluster: Cluster, scope: Scope): Promise<ClusterState> {
  const selector = selectorOfPlatform(scope);
  const [all, secrets] = await Promise.all([
    readObjects(cluster, selector),
    // Without their values.
    runKubectl(cluster, getNamesArguments('secrets', selector), 'Could not list the Secrets'),
    requireNamespace(cluster),
  ]);
  const objects = all.filter((object) => !isBook(object));
  const books = all.filter(isBook).flatMap((object): [string, ClusterBook][] => {
    const [service, book] = [entryOf(object), parseBook(object)];
    return service !== undefined && book ? [[service, book]] : [];
  });
  const names = secrets.stdout.split('\n').filter(Boolean);
  return {
    objects,
    live: liveObjects(objects),
    books: new Map(books),
    secrets: new Set(names.map((name) => name.replace(/^secret\//, ''))),
  };
}

function readObjects(cluster: Cluster, selector: string): Promise<LiveObject[]> {
  return listed(cluster, async (kinds, what) =>
    parseObjects((await runKubectl(cluster, getArguments(kinds, selector), what)).stdout),
  );
}

/** All pods of a platform, with one list. */
export async function readPods(cluster: Cluster, scope: Scope): Promise<Pod[]> {
  const args = getArguments(['pods'], selectorOfPlatform(scope));
  const what = `Could not list the pods of ${scope.namespace}`;
  return parseObjects((await runKubectl(cluster, args, what)).stdout) as Pod[];
}

/** The names of everything in the namespace, whoever made it: what no selector of ours finds is somebody else's. */
export function readNames(cluster: Cluster): Promise<Set<string>> {
  return listed(cluster, async (kinds, what) => {
    const args = ['get', kinds.join(','), '--output', 'name'];
    return parseNames((await runKubectl(cluster, args, what)).stdout);
  });
}

async function listed<Found>(
  cluster: Cluster,
  read: (kinds: readonly string[], what: string) => Promise<Found>,
): Promise<Found> {
  const what = `Could not read what runs in ${cluster.namespace}`;
  const kinds = [...KINDS, ...(cluster.moreKinds ?? [])];
  try {
    return await read([...kinds, ROUTES], what);
  } catch (error) {
    if (!(error instanceof ClusterError) || !isAboutRoutes(error)) throw error;
    return read(kinds, what);
  }
}

/** Whoever publishes nothing by a Gateway needs neither the kind nor the right to see routes. */
function isAboutRoutes({ complaint }: ClusterError): boolean {
  return (
    complaint.kind === 'unknown-kind' ||
    (complaint.kind === 'forbidden' && complaint.reason.includes(ROUTES))
  );
}

/** A list in a namespace that is not there is empty. */
async function requireNamespace(cluster: Cluster): Promise<void> {
  const problem = await readNamespaceProblem(cluster);
  if (problem !== undefined) throw new UserError(problem);
}

/** Why nothing can be deployed to a namespace, and what to do; `undefined` if something can. */
export async function readNamespaceProblem(cluster: Cluster): Promise<string | undefined> {
  const { namespace } = cluster;
  try {
    const args = ['get', 'namespace', namespace, '--output', 'json'];
    const { stdout } = await runKubectl(cluster, args, `Could not look for the namespace`);
    const { status } = JSON.parse(stdout) as { status?: { phase?: string } };
    return status?.phase === 'Terminating' ? beingDeleted(namespace) : undefined;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    // Who may only see into the namespace is told by what comes next.
    if (error.complaint.kind === 'forbidden') return undefined;
    if (error.complaint.kind === 'no-namespace') return error.message;
    throw error;
  }
}
