import type { DesiredEntry } from './desired-service';
import { identityOf, type LiveObject } from './live-object';
import { isOurs, objectsOfEntry, planObject, type ObjectPlan } from './object-plan';
import { isSecretOf } from './secret-name';
import { needsSecret, type ClusterFacts, type EntryPlan } from './service-plan';

/** What to do with the objects of a part of observability. It holds up no service, and no service holds it up. */
export interface PartPlan extends EntryPlan {
  /** `left`: its StatefulSet cannot be changed to what is declared now; the other objects are. */
  action: 'create' | 'change' | 'keep' | 'left';
  /** What differs, if it is left. */
  why: readonly string[];
  /** Objects that are not declared any more, and Secrets with values of before. */
  obsolete: readonly Pick<LiveObject, 'kind' | 'metadata'>[];
}

/** Written by the cluster from an object of ours, or kept for a person. */
const NOT_OURS = ['Pod', 'ReplicaSet', 'PersistentVolumeClaim', 'Secret'];

export function planPart(entry: DesiredEntry, facts: ClusterFacts): PartPlan {
  const all = entry.objects.map((object) => planObject(object, facts.live));
  const set = all.find(({ object }) => object.kind === 'StatefulSet');
  const isLeft = set?.kind === 'change' && changesClaims(set, facts);
  const objects = isLeft ? all.filter((one) => one !== set) : all;
  // What is left goes on with the Secret that it has.
  const secret = !isLeft && needsSecret(entry, facts);
  const obsolete = [...notDeclared(entry, facts), ...(isLeft ? [] : formerSecrets(entry, facts))];
  const isNew = objects.some(({ object, kind }) => kind === 'create' && isWorkload(object));
  const isSame = objects.every(({ kind }) => kind === 'keep') && !secret && obsolete.length === 0;
  const action = isLeft ? 'left' : isNew ? 'create' : isSame ? 'keep' : 'change';
  return { entry, objects, secret, obsolete, action, why: isLeft ? set.why : [] };
}

/** In words, why a part is written to; empty if it is not. */
export function whyPart({ action, objects, secret, obsolete }: PartPlan): string[] {
  if (action === 'create') return ['it is not running'];
  const changed = objects.filter(({ kind }) => kind !== 'keep');
  return [
    ...changed.map(({ object, kind, why }) =>
      kind === 'create' ? `${object.kind} is not there` : `${object.kind}: ${why.join('; ')}`,
    ),
    ...(secret ? ['its Secret is not there'] : []),
    ...obsolete
      .filter(({ kind }) => kind !== 'Secret')
      .map(({ kind }) => `${kind} is not declared any more`),
  ];
}

/** Whether a part is written to. */
export function changesPart({ objects, secret, obsolete }: PartPlan): boolean {
  return secret || obsolete.length > 0 || objects.some(({ kind }) => kind !== 'keep');
}

export function isWorkload({ kind }: { kind?: string | undefined }): boolean {
  return kind === 'Deployment' || kind === 'StatefulSet';
}

interface HasClaims {
  spec?: { volumeClaimTemplates?: readonly unknown[] };
}

/** The API server refuses another claim in a StatefulSet that there is. */
function changesClaims({ object, paths }: ObjectPlan, { live }: ClusterFacts): boolean {
  const claimsOf = (set: object | undefined) =>
    (set as HasClaims)?.spec?.volumeClaimTemplates ?? [];
  return (
    paths.some((path) => path.startsWith('spec.volumeClaimTemplates')) ||
    claimsOf(object).length !== claimsOf(live.get(identityOf(object))).length
  );
}

function notDeclared(entry: DesiredEntry, { live }: ClusterFacts): LiveObject[] {
  const declared = new Set(entry.objects.map(identityOf));
  return objectsOfEntry(live, entry.name).filter(
    (one) => isOurs(one) && !declared.has(identityOf(one)) && !NOT_OURS.includes(one.kind),
  );
}

function formerSecrets({ name, secretName }: DesiredEntry, { secrets }: ClusterFacts) {
  return [...secrets]
    .filter((secret) => isSecretOf(name, secret) && secret !== secretName)
    .map((secret) => ({ kind: 'Secret', metadata: { name: secret } }));
}
