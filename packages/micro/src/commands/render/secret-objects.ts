import type { ClusterRendering } from '../../effects/cluster-rendering';
import { readEntrySecret } from '../../effects/cluster-secrets';
import { secretObject } from '../../kubernetes/secret-object';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Shell } from '../shell';

/**
 * The Secret of each entry that needs one, with the values of today.
 * @throws {UserError} naming what cannot be read.
 */
export async function readSecretObjects(
  shell: Pick<Shell, 'workspaceRoot' | 'runner'>,
  environment: KubernetesEnvironment,
  { scope, entries, filled }: ClusterRendering,
) {
  const config = await filled();
  const objects = [];
  for (const entry of entries) {
    const values = await readEntrySecret(shell, environment, entry, () => Promise.resolve(config));
    if (values.size > 0) objects.push(secretObject(scope, entry.name, values));
  }
  return objects;
}
