import { createHash } from 'node:crypto';
import { differencesOf } from './difference';
import { byEntry, entryOf, identityOf, type LiveObject } from './live-object';
import type { KubernetesObject } from './object';

/** What is to be done with one object, and why. */
export interface ObjectPlan {
  kind: 'create' | 'change' | 'keep';
  /** As it is applied: with the note by which a later run knows what was declared. */
  object: KubernetesObject;
  why: readonly string[];
  /** The paths at which the cluster has something else. */
  paths: readonly string[];
}

/** The hash of what was declared, on each object. It tells what we changed from what others did. */
const DECLARED_ANNOTATION = 'org.micro/declared';

/**
 * Whether we made an object with our labels. Others copy them: `kubectl expose` gives a Service the labels of its
 * Deployment. Ours have a note, or the name of their entry if the rendered folder was applied.
 */
export function isOurs(object: LiveObject): boolean {
  const { annotations, name } = object.metadata;
  return annotations?.[DECLARED_ANNOTATION] !== undefined || name === entryOf(object);
}

/** Objects of the cluster by {@link identityOf}. */
export type LiveObjects = ReadonlyMap<string, LiveObject>;

export function liveObjects(objects: readonly LiveObject[]): LiveObjects {
  return new Map(objects.map((object) => [identityOf(object), object]));
}

const grouped = new WeakMap<LiveObjects, ReturnType<typeof byEntry>>();

/** The objects of one entry. They are grouped once, for all services of a plan. */
export function objectsOfEntry(live: LiveObjects, entry: string): readonly LiveObject[] {
  const groups = grouped.get(live) ?? byEntry(live.values());
  grouped.set(live, groups);
  return groups.get(entry) ?? [];
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** The objects that are applied, in their order. */
export function changedObjects(plans: readonly ObjectPlan[]): KubernetesObject[] {
  return plans.filter(({ kind }) => kind !== 'keep').map(({ object }) => object);
}

/** Whether a container gets another image. */
export function changesImage({ paths }: Pick<ObjectPlan, 'paths'>): boolean {
  return paths.some((path) => path.endsWith('].image'));
}

/** Compares what is declared with what the cluster has. What others added to an object is left to them. */
export function planObject(declared: KubernetesObject, live: LiveObjects): ObjectPlan {
  const there = live.get(identityOf(declared));
  const hash = hashOf(declared);
  const annotations = { ...declared.metadata?.annotations, [DECLARED_ANNOTATION]: hash };
  const object = { ...declared, metadata: { ...declared.metadata, annotations } };
  if (!there) return { kind: 'create', object, why: ['it is not there'], paths: [] };
  const paths = differencesOf(declared, there);
  const noted = there.metadata.annotations?.[DECLARED_ANNOTATION];
  if (paths.length === 0 && noted === hash) return { kind: 'keep', object, why: [], paths };
  return { kind: 'change', object, why: explain(paths, noted, hash), paths };
}

function explain(paths: readonly string[], noted: string | undefined, hash: string): string[] {
  if (noted === hash) return [`changed in the cluster: ${paths.join(', ')}`];
  if (noted === undefined && paths.length === 0) return ['it was not applied by a deploy'];
  if (paths.length === 0) return ['something is not declared any more'];
  const isImage = (path: string) =>
    /^spec\.template\.spec\.containers\[[^\]]+\]\.image$/.test(path);
  const isSecret = (path: string) => /\.(?:secretKeyRef\.name|secret\.secretName)$/.test(path);
  const isVariable = (path: string) => path.includes('.env[') && !isSecret(path);
  const isNote = (path: string) => path.includes('.annotations.');
  const variables = paths
    .filter(isVariable)
    .flatMap((path) => /\.env\[([^\]]+)\]/.exec(path)?.[1] ?? []);
  return [
    ...(paths.some(isImage) ? ['another image'] : []),
    ...(paths.some(isSecret) ? ['other secrets'] : []),
    ...(variables.length > 0 ? [`variables ${[...new Set(variables)].join(', ')}`] : []),
    ...paths.filter(
      (path) => !isImage(path) && !isSecret(path) && !isVariable(path) && !isNote(path),
    ),
  ];
}
