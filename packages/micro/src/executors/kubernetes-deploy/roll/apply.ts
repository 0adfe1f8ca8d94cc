import { ClusterError, runKubectl, type Cluster } from '../../../effects/cluster';
import { kubectlName } from '../../../kubernetes/cluster-plan';
import {
  applyArguments,
  deleteArguments,
  handOverArguments,
  replaceTemplateArguments,
} from '../../../kubernetes/kubectl';
import type { Named } from '../../../kubernetes/live-object';
import type { Scope } from '../../../kubernetes/object';
import { secretObject } from '../../../kubernetes/secret-object';
import type { Secret } from '../../../platform/secret';
import { visible } from '../../../platform/visible';

/** Whatever an apply is part of. */
export interface Applying {
  cluster: Cluster;
  /** Prints what the API server warns of. */
  say: (line: string) => void;
}

/** Applies objects in this order, in one command; those that are as they should be are not written by the cluster. */
export async function applyObjects(
  { cluster, say }: Applying,
  objects: readonly object[],
  what: string,
): Promise<void> {
  if (objects.length === 0) return;
  const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const { stderr } = await runKubectl(cluster, applyArguments, `Could not apply ${what}`, {
    stdin,
  });
  for (const line of visible(stderr).split('\n')) {
    if (line.startsWith('Warning:'))
      say(`warning  ${what}: ${line.slice('Warning:'.length).trim()}`);
  }
}

interface HasTemplate {
  kind?: string;
  metadata?: { name?: string };
  spec?: { template?: unknown };
}

/**
 * Applies the objects of a service. What somebody else added to its pods may contradict what is declared, such as another
 * kind of probe, or a reference instead of a value: a server-side apply leaves both there, which is invalid. Then the
 * additions go.
 */
export async function applyService(
  applying: Applying,
  objects: readonly object[],
  what: string,
): Promise<void> {
  try {
    await applyObjects(applying, objects, what);
  } catch (error) {
    const isInvalid = error instanceof ClusterError && error.complaint.kind === 'invalid';
    const all = objects as readonly HasTemplate[];
    const deployment = all.find(({ kind }) => kind === 'Deployment');
    if (!isInvalid || !deployment || !(await replacesTemplate(applying, deployment))) throw error;
    applying.say(`warning  ${what}: what others added to its pods contradicted it, and is removed`);
    await applyObjects(applying, objects, what);
  }
}

/** `false` if the cluster refuses that too: then it is not about additions. */
async function replacesTemplate(
  { cluster }: Applying,
  { metadata, spec }: HasTemplate,
): Promise<boolean> {
  try {
    const args = replaceTemplateArguments(metadata?.name ?? '', spec?.template);
    await runKubectl(cluster, args, 'Could not take back what others added');
    return true;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return false;
  }
}

/** The Secret of an entry; its name is that of its values, so nobody may change them. */
export async function applySecret(
  applying: Applying,
  scope: Scope,
  { entry, name }: { entry: string; name: string },
  values: ReadonlyMap<string, Secret>,
): Promise<void> {
  const object = secretObject(scope, name, values, entry);
  await applyObjects(applying, [{ ...object, immutable: true }], `the Secret of ${entry}`);
}

export async function deleteObjects(
  cluster: Cluster,
  objects: readonly Named[],
  what: string,
): Promise<void> {
  if (objects.length === 0) return;
  const names = objects.map(kubectlName);
  await runKubectl(cluster, deleteArguments(names), `Could not delete ${what}`);
}

/**
 * Makes somebody else an owner of the number of pods, before we declare it no more: the API server would set what nobody
 * owns to one pod, until the autoscaler has seen it.
 */
export async function handOverReplicas(
  cluster: Cluster,
  name: string,
  replicas: number,
): Promise<void> {
  const { namespace } = cluster;
  const object = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace } },
    spec: { replicas },
  };
  const what = `Could not hand the number of pods of ${name} over to its autoscaler`;
  await runKubectl(cluster, handOverArguments, what, { stdin: JSON.stringify(object) });
}
