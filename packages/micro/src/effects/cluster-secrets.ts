import type { ComposeConfig } from '../deployment/entry';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { Secret } from '../platform/secret';
import type { RenderedEntry } from '../kubernetes/render';
import type { Runner } from './process';
import { readSecretValues } from './secret-values';

/**
 * What the Secret of an entry has to hold, with the values of today: variables as Compose fills them in from `.env`,
 * and the secrets of the environment. Empty if it needs none.
 *
 * @param filled the compose files with every variable filled in.
 * @throws {UserError} naming what cannot be read.
 */
export async function readEntrySecret(
  context: { workspaceRoot: string; runner: Runner; signal?: AbortSignal },
  environment: KubernetesEnvironment,
  { name, service, secret }: Pick<RenderedEntry, 'name' | 'service' | 'secret'>,
  filled: () => Promise<ComposeConfig>,
): Promise<ReadonlyMap<string, Secret>> {
  if (secret.variables.length + secret.files.length === 0) return new Map();
  const services: ComposeConfig['services'] =
    secret.variables.length > 0 ? (await filled()).services : {};
  const variables = (services[name]?.['environment'] ?? {}) as Record<string, string>;
  const files =
    secret.files.length > 0
      ? await readSecretValues(environment, service, context)
      : new Map<string, Secret>();
  return new Map([
    // Compose writes a dollar as two.
    ...secret.variables.map(
      (one) => [one, new Secret((variables[one] ?? '').replaceAll('$$', '$'))] as const,
    ),
    ...secret.files.flatMap((one) => {
      const value = files.get(one);
      return value ? [[one, value] as const] : [];
    }),
  ]);
}
