import type { ISecret } from 'kubernetes-models/v1/Secret';
import type { Secret } from '../platform/secret';
import { metadataOf, type Scope } from './object';

/**
 * The Secret of an entry. Its values are `data`: a key that leaves `stringData` would stay in the cluster.
 *
 * @param entry if its name is another one.
 * @param values by their keys; revealed here, so the object is for the cluster alone.
 */
export function secretObject(
  scope: Scope,
  name: string,
  values: ReadonlyMap<string, Secret>,
  entry = name,
): ISecret {
  const data = [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, value.reveal().toString('base64')] as const);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(scope, name, { of: entry }),
    type: 'Opaque',
    data: Object.fromEntries(data),
  };
}
