import { type Container, isServing } from './container';
import { DEPLOY_LABELS } from './labels';
import { releaseOf, type Release } from './release';

/**
 * Containers that served before a deploy which was ended, where nothing serves now: they are brought
 * back before anything else is done. Those of a release that was there before go first, and of one
 * that was given other secrets those that were there first.
 */
export function planRevival(
  containers: readonly Container[],
  releases: readonly Release[],
): Container[] {
  if (!releases.some(({ open }) => open) || containers.some(isServing)) return [];
  const started = containers.filter(({ state }) => state === 'running' || state === 'exited');
  const isOpen = (container: Container) => releaseOf(container, releases)?.open ?? false;
  const closed = started.filter((container) => !isOpen(container));
  const newest = [...containers].sort((a, b) => numberOf(b) - numberOf(a))[0];
  const before =
    closed.length > 0
      ? closed
      : started.filter(({ labels }) => entryOf(labels) !== entryOf(newest?.labels ?? {}));
  const [first] = before.length > 0 ? before : started.filter(({ state }) => state === 'running');
  return started.filter(
    (container) =>
      first &&
      container.labels[DEPLOY_LABELS.key] === first.labels[DEPLOY_LABELS.key] &&
      entryOf(container.labels) === entryOf(first.labels),
  );
}

function entryOf(labels: Container['labels']): string | undefined {
  return labels[DEPLOY_LABELS.entry];
}

/** Compose counts the containers of a service up. */
function numberOf({ labels }: Container): number {
  return Number(labels['com.docker.compose.container-number'] ?? 0);
}
