import { createHmac } from 'node:crypto';
import type { Secret } from '../platform/secret';
import type { Container, PodSpec } from './container';
import type { KubernetesObject } from './object';

/**
 * The name of the Secret of an entry: another one for other values. So a changed value replaces the pods that use it,
 * and no others, and the pods of the previous release keep what they were started with.
 *
 * @param key makes the hash useless to whoever may read names and not values.
 */
export function secretNameOf(
  entry: string,
  values: ReadonlyMap<string, Secret>,
  key: Secret,
): string {
  const hash = createHmac('sha256', key.reveal());
  for (const [name, value] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = value.reveal();
    hash.update(`${name.length}:${name}${bytes.length}:`).update(bytes);
  }
  return `${prefixOf(entry)}${hash.digest('hex').slice(0, DIGITS)}`;
}

/** Whether a Secret has a name that {@link secretNameOf} gives to one of the entry, whatever its values. */
export function isSecretOf(entry: string, name: string): boolean {
  const prefix = prefixOf(entry);
  return name.startsWith(prefix) && HASH.test(name.slice(prefix.length));
}

/** Names that {@link secretNameOf} gave, by their entries. */
export function secretsByEntry(names: Iterable<string>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const entry = name.slice(0, -DIGITS - 1);
    if (isSecretOf(entry, name)) groups.set(entry, [...(groups.get(entry) ?? []), name]);
  }
  return groups;
}

const DIGITS = 10;
const HASH = new RegExp(`^[0-9a-f]{${DIGITS}}$`);

function prefixOf(entry: string): string {
  return `${entry.slice(0, 200)}-`;
}

/** The object with references to the Secret that has the name of its entry led to another one. */
export function withSecretName<Object extends KubernetesObject>(
  object: Object,
  entry: string,
  secretName: string | undefined,
): Object {
  const pod = podOf(object);
  if (!pod || secretName === undefined) return object;
  const led = (container: Container): Container => ({
    ...container,
    env: (container.env ?? []).map((variable) => {
      const reference = variable.valueFrom?.secretKeyRef;
      return reference?.name === entry
        ? { ...variable, valueFrom: { secretKeyRef: { ...reference, name: secretName } } }
        : variable;
    }),
  });
  const { containers, initContainers } = pod;
  const volumes = (pod.volumes ?? []).map((volume) =>
    volume.secret?.secretName === entry
      ? { ...volume, secret: { ...volume.secret, secretName } }
      : volume,
  );
  return withPod(object, {
    ...pod,
    ...(initContainers ? { initContainers: initContainers.map(led) } : {}),
    containers: containers.map(led),
    volumes,
  });
}

interface HasPod {
  spec?: { template?: { spec?: PodSpec } };
}

/** What the pods of an object are like; `undefined` if it has none. */
function podOf(object: object): PodSpec | undefined {
  return (object as HasPod).spec?.template?.spec;
}

function withPod<Object extends KubernetesObject>(object: Object, pod: PodSpec): Object {
  const { spec } = object as HasPod;
  return { ...object, spec: { ...spec, template: { ...spec?.template, spec: pod } } };
}
