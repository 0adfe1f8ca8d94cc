import { changedParts, LABELS, type ImageKey } from '../../image/image-key';
import type { BuildReceipt } from '../../image/receipt';

/** What is known about an image before anything is done. */
export interface BuildFacts {
  key: ImageKey;
  /** Labels of the image that carries the key's tag on the engine. */
  onEngine: Readonly<Record<string, string>> | undefined;
  /** The same in the registry; `undefined` also where there is none to ask. */
  inRegistry: { labels: Readonly<Record<string, string>>; digest: string } | undefined;
  previous: BuildReceipt | undefined;
  /** Build even where the key is known. */
  forced: boolean;
  /** Whether the result has to be on the engine afterwards. */
  load: boolean;
}

/** What to do for an image, and why. */
export type BuildPlan =
  | { kind: 'found'; where: 'engine' | 'registry' }
  | { kind: 'pull'; digest: string }
  | { kind: 'build'; reason: string };

/** Decides whether an image is there, can be had, or must be built. */
export function planBuild(facts: BuildFacts): BuildPlan {
  const { key, onEngine, inRegistry, forced, load } = facts;
  if (forced) return { kind: 'build', reason: 'asked to build without cache' };
  const carriesKey = (labels: Readonly<Record<string, string>> | undefined) =>
    labels?.[LABELS.key] === key.key;
  if (load && carriesKey(onEngine)) return { kind: 'found', where: 'engine' };
  if (inRegistry && carriesKey(inRegistry.labels)) {
    return load
      ? { kind: 'pull', digest: inRegistry.digest }
      : { kind: 'found', where: 'registry' };
  }
  return { kind: 'build', reason: buildReason(facts) };
}

function buildReason({ key, onEngine, previous }: BuildFacts): string {
  if (onEngine) return 'the image under its tag is not the one that was built for it';
  if (!previous) return 'first build here';
  const changed = changedParts(previous.parts, key.parts);
  if (changed.length === 0) return 'the image is not on the engine any more';
  const named = changed.slice(0, 3).join(', ');
  return `changed: ${named}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''}`;
}
