import type { DesiredState } from './desired-state';
import { isServing } from './container';
import { placesOf } from './slice';
import type { Container } from './container';
import { changedEntryKeys } from './fingerprint';
import { DEPLOY_LABELS } from './labels';

/** What to change for one service. */
export interface ServiceChange {
  kind: 'create' | 'update' | 'restart';
  reason: string;
  /** Containers that serve now. */
  serving: readonly Container[];
  /** Those of them that are up to date and stay. */
  kept: readonly Container[];
  /** Containers that get no traffic, left by an earlier run. */
  leftovers: readonly Container[];
  order: 'start-first' | 'stop-first';
  /** How many containers there are afterwards. */
  replicas: number;
}

/** What to do for one service, and why. */
export type DeployPlan =
  { kind: 'keep'; serving: readonly Container[]; leftovers: readonly Container[] } | ServiceChange;

/** Compares running containers with the desired state. Earlier deploys are known only from the engine. */
export function planDeploy(containers: readonly Container[], wanted: DesiredState): DeployPlan {
  const serving = containers.filter(isServing);
  const leftovers = containers.filter((container) => !serving.includes(container));
  const kept = serving
    .filter((one) => isWanted(one, wanted) && !isIll(one) && !lostNetwork(one, wanted))
    .slice(0, wanted.replicas);
  const change = changeOf(serving, kept, wanted);
  if (!change) return { kind: 'keep', serving, leftovers };
  return {
    ...change,
    serving,
    kept,
    leftovers,
    order:
      wanted.exclusive !== undefined && serving.length > kept.length ? 'stop-first' : 'start-first',
    replicas: wanted.replicas,
  };
}

function labelOf(container: Container, label: string): string {
  return container.labels[label] ?? '';
}

function isWanted(container: Container, { key, entryLabel }: DesiredState): boolean {
  return (
    labelOf(container, DEPLOY_LABELS.key) === key &&
    labelOf(container, DEPLOY_LABELS.entry) === entryLabel
  );
}

function isIll({ health, state }: Container): boolean {
  return health === 'unhealthy' || state === 'restarting';
}

/** A network from which an interrupted deploy disconnected it. */
function lostNetwork({ service, networks }: Container, wanted: DesiredState): string | undefined {
  return Object.keys(placesOf(wanted.slice, service, '')).find(
    (name) => !networks[name]?.names.includes(service),
  );
}

function changeOf(
  serving: readonly Container[],
  kept: readonly Container[],
  wanted: DesiredState,
): Pick<ServiceChange, 'kind' | 'reason'> | undefined {
  const { key, entryLabel, replicas } = wanted;
  const [first] = serving;
  if (!first) return { kind: 'create', reason: 'it is not running' };
  if (serving.some((container) => labelOf(container, DEPLOY_LABELS.entry) === '')) {
    return { kind: 'update', reason: 'it was not started by a deploy' };
  }
  if (kept.length === replicas && !serving.every((container) => isWanted(container, wanted))) {
    return { kind: 'update', reason: 'this finishes a deploy that was interrupted' };
  }
  if (serving.some((container) => labelOf(container, DEPLOY_LABELS.key) !== key)) {
    return { kind: 'update', reason: 'its image changed' };
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
  const ill = serving.find(isIll);
  if (ill) {
    return {
      kind: 'restart',
      reason: `${ill.name} is ${ill.state === 'restarting' ? 'restarting' : 'unhealthy'}`,
    };
  }
  const lost = serving.find((container) => lostNetwork(container, wanted));
  if (lost) {
    return {
      kind: 'restart',
      reason: `${lost.name} cannot be found by name in ${lostNetwork(lost, wanted)}`,
    };
  }
  if (serving.length !== replicas) {
    return { kind: 'restart', reason: `${serving.length} of ${replicas} replicas run` };
  }
  return undefined;
}

/** One step of a roll: how many containers come, and which go once those serve. */
export interface RollStep {
  create: number;
  retire: readonly Container[];
}

/**
 * The steps of a roll. Start-first, one container comes and one goes, so that there are never fewer
 * than before; stop-first, all go and all come in one step.
 */
export function planSteps({ serving, kept, order, replicas }: ServiceChange): RollStep[] {
  const retired = serving.filter((container) => !kept.includes(container));
  const create = Math.max(0, replicas - kept.length);
  if (order === 'stop-first' || create === 0) return [{ create, retire: retired }];
  return Array.from({ length: create }, (_, step) => ({
    create: 1,
    retire: step === create - 1 ? retired.slice(step) : retired.slice(step, step + 1),
  }));
}

/** What a host that prunes takes away. */
const NOT_RUNNING: ReadonlySet<Container['state']> = new Set(['created', 'exited', 'dead']);

/**
 * Names of other services' containers that were removed or added. One that did not run may have been pruned by the
 * host in the meantime, and does not count.
 */
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
  const ran = idsOf(before.filter(({ state }) => !NOT_RUNNING.has(state)));
  const now = idsOf(after);
  return [
    ...[...old].filter(([id]) => !now.has(id) && ran.has(id)),
    ...[...now].filter(([id]) => !old.has(id)),
  ].map(([, name]) => name);
}
