import type { ComposeConfig } from '../../deployment/entry';
import { readSecretValues } from '../../effects/secret-values';
import type { RenderedPlatform } from '../../kubernetes/render';
import { secretObject } from '../../kubernetes/secret-object';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import { Secret } from '../../platform/secret';
import type { Shell } from '../shell';

/**
 * The Secret of each entry that needs one, with the values of today: variables as Compose fills them in from `.env`,
 * and the secrets of the environment.
 *
 * @param filled the compose files with every variable filled in.
 * @throws {UserError} naming what cannot be read.
 */
export async function readSecretObjects(
  shell: Pick<Shell, 'workspaceRoot' | 'runner'>,
  environment: KubernetesEnvironment,
  { scope, entries }: RenderedPlatform,
  filled: ComposeConfig,
) {
  const objects = [];
  for (const { name, service, secret } of entries) {
    if (secret.variables.length + secret.files.length === 0) continue;
    const variables = (filled.services[name]?.['environment'] ?? {}) as Record<string, string>;
    const files =
      secret.files.length > 0 ? await readSecretValues(environment, service, shell) : new Map();
    objects.push(
      secretObject(
        scope,
        name,
        new Map([
          // Compose writes a dollar as two.
          ...secret.variables.map(
            (one) => [one, new Secret((variables[one] ?? '').replaceAll('$$', '$'))] as const,
          ),
          ...secret.files.map((one) => [one, files.get(one) as Secret] as const),
        ]),
      ),
    );
  }
  return objects;
}
