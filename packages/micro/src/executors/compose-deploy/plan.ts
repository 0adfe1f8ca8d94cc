import type { Container } from '../../effects/containers';
import { changedEntryKeys, DEPLOY_LABELS } from './entry';

/** What a service should be after the deploy. */
export interface Wanted {
  key: string;
  entryLabel: string;
  replicas: number;
  /** Whether two containers cannot run side by side, for example where a port of the host is published. */
  exclusive: boolean;
}

/** What to do for one service, and why. */
export type DeployPlan =
  | { kind: 'keep'; serving: readonly Container[]; leftovers: readonly Container[] }
  | {
      kind: 'create' | 'update' | 'restart';
      reason: string;
      /** Containers that serve now and are stopped once the new ones are healthy. */
      serving: readonly Container[];
      /** Containers that serve nobody: an earlier run did not get to remove them. */
      leftovers: readonly Container[];
      order: 'start-first' | 'stop-first';
      replicas: number;
    };

/** Compares what runs with what is wanted; the engine's answer is all it knows of earlier deploys. */
export function planDeploy(containers: readonly Container[], wanted: Wanted): DeployPlan {
  const serving = containers.filter((container) => isUp(container) && !isHidden(container));
  const leftovers = containers.filter((container) => !serving.includes(container));
  const change = changeOf(serving, wanted);
  if (!change) return { kind: 'keep', serving, leftovers };
  return {
    ...change,
    serving,
    leftovers,
    order: wanted.exclusive && serving.length > 0 ? 'stop-first' : 'start-first',
    replicas: wanted.replicas,
  };
}

function isUp({ state }: Container): boolean {
  return state === 'running' || state === 'restarting';
}

/** A deploy that was ended left it running where nobody finds it. */
function isHidden({ service, networks }: Container): boolean {
  const named = Object.values(networks).filter(({ names }) => names.length > 0);
  return named.length > 0 && named.every(({ names }) => !names.includes(service));
}

function changeOf(
  serving: readonly Container[],
  { key, entryLabel, replicas }: Wanted,
): { kind: 'create' | 'update' | 'restart'; reason: string } | undefined {
  const [first] = serving;
  if (!first) return { kind: 'create', reason: 'it does not run' };
  const labelOf = (container: Container, label: string) => container.labels[label] ?? '';
  if (serving.some((container) => labelOf(container, DEPLOY_LABELS.entry) === '')) {
    return { kind: 'update', reason: 'it was not started by a deploy' };
  }
  const oldKey = serving
    .map((container) => labelOf(container, DEPLOY_LABELS.key))
    .find((other) => other !== key);
  if (oldKey !== undefined) {
    return {
      kind: 'update',
      reason: `its image changed, ${oldKey.slice(0, 12)} -> ${key.slice(0, 12)}`,
    };
  }
  const oldEntry = serving
    .map((container) => labelOf(container, DEPLOY_LABELS.entry))
    .find((other) => other !== entryLabel);
  if (oldEntry !== undefined) {
    return {
      kind: 'restart',
      reason: `its entry changed: ${changedEntryKeys(oldEntry, entryLabel).join(', ')}`,
    };
  }
  const ill = serving.find(({ health, state }) => health === 'unhealthy' || state === 'restarting');
  if (ill)
    return {
      kind: 'restart',
      reason: `${ill.name} is ${ill.state === 'restarting' ? 'restarting' : 'unhealthy'}`,
    };
  if (serving.length !== replicas) {
    return { kind: 'restart', reason: `${serving.length} of ${replicas} replicas run` };
  }
  return undefined;
}

/** Containers that were there before and are not any more, or the other way round, of other services. */
export function touchedOthers(
  before: readonly Container[],
  after: readonly Container[],
  own: ReadonlySet<string>,
): string[] {
  const idsOf = (containers: readonly Container[]) =>
    new Map(
      containers.filter(({ service }) => !own.has(service)).map(({ id, name }) => [id, name]),
    );
  const old = idsOf(before);
  const now = idsOf(after);
  return [
    ...[...old].filter(([id]) => !now.has(id)),
    ...[...now].filter(([id]) => !old.has(id)),
  ].map(([, name]) => name);
}
