import { type Container, isServing } from './container';
import { DEPLOY_LABELS } from './labels';
import { releaseOf, type Release } from './release';

/**
 * If nothing serves after an interrupted deploy: the containers that served before it, which are started again first.
 * Containers of a complete release are preferred; among containers that differ only in their secrets, the older ones.
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

/** The number that Compose gave the container. */
function numberOf({ labels }: Container): number {
  return Number(labels['com.docker.compose.container-number'] ?? 0);
}
