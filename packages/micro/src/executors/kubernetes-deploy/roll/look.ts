import { runKubectl, type Cluster } from '../../../effects/cluster';
import { entryOf, parseObjects, type LiveObject } from '../../../kubernetes/live-object';
import { getArguments } from '../../../kubernetes/kubectl';
import type { Scope } from '../../../kubernetes/object';

/** The workloads and pods of an entry, as they are now. */
export type LookAtEntry = (entry: string) => Promise<readonly LiveObject[]>;

/** How long a look waits for others, in milliseconds: one command then answers all of them. */
const WINDOW = 20;

const KINDS = ['deployments.apps', 'statefulsets.apps', 'replicasets.apps', 'jobs.batch', 'pods'];

interface Asked {
  entry: string;
  resolve: (objects: readonly LiveObject[]) => void;
  reject: (error: unknown) => void;
}

export function lookTogether(cluster: Cluster, { platform }: Scope): LookAtEntry {
  let waiting: Asked[] = [];
  const askAll = async () => {
    const asked = waiting;
    waiting = [];
    const names = [...new Set(asked.map(({ entry }) => entry))].join(',');
    const selector = `app.kubernetes.io/part-of=${platform},app.kubernetes.io/name in (${names})`;
    try {
      const what = 'Could not watch the rollout';
      const { stdout } = await runKubectl(cluster, getArguments(KINDS, selector), what);
      const objects = parseObjects(stdout);
      for (const { entry, resolve } of asked) {
        resolve(objects.filter((object) => entryOf(object) === entry));
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };
  return (entry) =>
    new Promise((resolve, reject) => {
      waiting.push({ entry, resolve, reject });
      if (waiting.length === 1) setTimeout(() => void askAll(), WINDOW);
    });
}
