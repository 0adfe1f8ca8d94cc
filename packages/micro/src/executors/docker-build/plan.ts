import { changedParts, type ImageKey } from '../../image/image-key';
import type { BuildReceipt } from '../../image/receipt';
import { LABELS } from '../../platform/image-labels';

/** What is known about an image before anything is done. */
export interface BuildFacts {
  key: ImageKey;
  /** Labels of the image that carries the key's tag on the engine. */
  onEngine: Readonly<Record<string, string>> | undefined;
  /** The same in the registry; `undefined` also if there is no registry. */
  inRegistry: { labels: Readonly<Record<string, string>>; digest: string } | undefined;
  previous: BuildReceipt | undefined;
  /** Build even if an image with the key exists. */
  forced: boolean;
  /** Whether the result has to be on the engine afterwards. */
  load: boolean;
  /** Whether an image that only the registry has is fetched: another engine may be the one to run it. */
  fetch: boolean;
  /** Whether it has to be in the registry afterwards. */
  push: boolean;
}

/** What to do for an image, and why. */
export type BuildPlan =
  | { kind: 'found'; where: 'engine' | 'registry' }
  | { kind: 'pull'; digest: string }
  | { kind: 'build'; reason: string };

/** Decides whether an image is there, can be had, or must be built. */
export function planBuild(facts: BuildFacts): BuildPlan {
  const { key, onEngine, inRegistry, forced, load, fetch, push } = facts;
  if (forced) return { kind: 'build', reason: 'asked to build without cache' };
  const carriesKey = (image: { labels: Readonly<Record<string, string>> } | undefined) =>
    image?.labels[LABELS.key] === key.key;
  const here = carriesKey(onEngine && { labels: onEngine });
  if (push && !carriesKey(inRegistry)) return { kind: 'build', reason: buildReason(facts, here) };
  if (!load) return { kind: 'found', where: 'registry' };
  if (here) return { kind: 'found', where: 'engine' };
  if (!inRegistry || !carriesKey(inRegistry)) {
    return { kind: 'build', reason: buildReason(facts, here) };
  }
  return fetch ? { kind: 'pull', digest: inRegistry.digest } : { kind: 'found', where: 'registry' };
}

function buildReason({ key, onEngine, previous, load }: BuildFacts, here: boolean): string {
  if (here) return 'the registry does not have it';
  if (onEngine) return 'the image under its tag is not the one that was built for it';
  if (!previous) return 'first build here';
  const changed = changedParts(previous.parts, key.parts);
  if (changed.length === 0) {
    return load ? 'the image is not on the engine any more' : 'the registry does not have it';
  }
  const named = changed.slice(0, 3).join(', ');
  return `changed: ${named}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''}`;
}
