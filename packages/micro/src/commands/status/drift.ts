import { type ComposeEntry } from '../../deployment/entry';
import type { DesiredState } from '../../deployment/desired-state';
import type { DeployPlan } from '../../deployment/plan';
import type { RunningContainer } from '../../deployment/container';
import { changedEntryKeys } from '../../deployment/fingerprint';
import { DEPLOY_LABELS } from '../../deployment/labels';

/** What is known of a service beside the plan of its next deploy. */
export interface DriftFacts {
  /** Its entry as Compose renders it, if it could be rendered. */
  entry: ComposeEntry | undefined;
  imageVariables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  serving: readonly RunningContainer[];
}

/**
 * By what a service is not as it should be. The plan of its next deploy decides whether it is; it
 * gives one reason, and this all of them. Variables are named, and their values never.
 */
export function driftOf(plan: DeployPlan, wanted: DesiredState, facts: DriftFacts): string[] {
  if (plan.kind === 'keep') return [];
  const { serving } = facts;
  if (serving.length === 0) return ['not deployed'];
  const causes = [
    ...imageDrift(serving, wanted),
    ...(facts.entry ? entryDrift(wanted, facts) : []),
    ...(serving.length === wanted.replicas
      ? []
      : [`${serving.length} of ${wanted.replicas} replicas`]),
    ...serving.flatMap(({ name, health, state }) =>
      state === 'restarting'
        ? [`${name} is restarting`]
        : health === 'unhealthy'
          ? [`${name} is unhealthy`]
          : [],
    ),
  ];
  return causes.length > 0 ? causes : [plan.reason];
}

function imageDrift(serving: readonly RunningContainer[], { key }: DesiredState): string[] {
  const others = new Set(
    serving.map(({ labels }) => labels[DEPLOY_LABELS.key]).filter((other) => other !== key),
  );
  return [...others].map(
    (other) => `image changed: ${other?.slice(0, 12) ?? 'unknown'} -> ${key.slice(0, 12)}`,
  );
}

function entryDrift(
  { entryLabel }: DesiredState,
  { entry, imageVariables, serving }: DriftFacts,
): string[] {
  if (serving.some(({ labels }) => !labels[DEPLOY_LABELS.entry])) {
    return ['not started by a deploy'];
  }
  const changed = new Set(
    serving.flatMap((container) =>
      changedEntryKeys(container.labels[DEPLOY_LABELS.entry]!, entryLabel).flatMap((key) =>
        key === 'environment'
          ? changedVariables(
              variablesOf(entry),
              container.environment,
              imageVariables.get(container.imageId),
            )
          : [key],
      ),
    ),
  );
  return changed.size === 0 ? [] : [`entry changed: ${[...changed].sort().join(', ')}`];
}

/**
 * `["environment.LOG_LEVEL"]`, or `["environment"]` if the changed variable is unknown.
 *
 * @param ofImage the variables of the image itself; without it, no variable counts as removed.
 */
export function changedVariables(
  wanted: Readonly<Record<string, string | null>>,
  running: Readonly<Record<string, string>>,
  ofImage: Readonly<Record<string, string>> | undefined,
): string[] {
  const changed = Object.keys(wanted).filter(
    (name) => wanted[name] !== null && wanted[name] !== running[name],
  );
  const removed = ofImage
    ? Object.keys(running).filter((name) => !(name in wanted) && !(name in ofImage))
    : [];
  const names = [...changed, ...removed];
  return names.length === 0 ? ['environment'] : names.map((name) => `environment.${name}`);
}

/** Compose writes a dollar of a value twice. */
function variablesOf(entry: ComposeEntry | undefined): Record<string, string | null> {
  const variables = (entry?.['environment'] ?? {}) as Record<string, string | null>;
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      value === null ? null : String(value).replaceAll('$$', '$'),
    ]),
  );
}
