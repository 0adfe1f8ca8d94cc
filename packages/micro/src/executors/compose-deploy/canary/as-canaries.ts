import { canaryState } from '../../../deployment/canary';
import type { DesiredState } from '../../../deployment/desired-state';
import { canaryName } from '../../../platform/canary';
import { UserError } from '../../../platform/user-error';
import type { Rendered } from '../prepare/render';
import type { Run } from '../run';

/** A run with what it deploys. */
export interface Prepared {
  run: Run;
  rendered: Rendered | undefined;
}

/**
 * With `--canary`, the services of a run under the names of their canaries: all that follows then starts, compares and
 * replaces those, and leaves the services as they are.
 */
export function asCanaries(run: Run, rendered: Rendered | undefined): Prepared {
  const { destination } = run.mode;
  if (destination.kind !== 'canary' || !rendered) return { run, rendered };
  const desired = new Map<string, DesiredState>();
  const canaryOf = new Map<string, DesiredState>();
  const published = new Set(rendered.edge?.publications.map(({ service }) => service));
  for (const [service, state] of rendered.desired) {
    const why = problemOf(run, state, rendered.names, published);
    if (why !== undefined) {
      run.failures.set(service, new UserError(why));
      continue;
    }
    const name = canaryName(service);
    desired.set(name, canaryState(state, destination));
    canaryOf.set(name, state);
    const secrets = run.secrets.get(service);
    if (secrets) run.secrets.set(name, secrets);
  }
  const renamed = (name: string) => (canaryOf.has(canaryName(name)) ? canaryName(name) : name);
  const tasks = run.tasks.map((task) => ({
    ...task,
    service: { ...task.service, name: renamed(task.service.name) },
  }));
  const repeat = run.repeat && new Set([...run.repeat].map(renamed));
  return {
    run: { ...run, tasks, canaryOf, ...(repeat ? { repeat } : {}) },
    rendered: { ...rendered, desired },
  };
}

/** Why a service can have no canary. */
function problemOf(
  { environment }: Run,
  { service, exclusive }: DesiredState,
  names: readonly string[],
  published: ReadonlySet<string>,
): string | undefined {
  if (!published.has(service)) {
    return `${service} can have no canary: the edge shares out requests, and nothing is published through it for ${service}. Write services.${service}.publish into ${environment.file}, and deploy it without --canary first. A service that only others of the platform call can have none`;
  }
  if (exclusive !== undefined) {
    return `${service} can have no canary, because two of its containers cannot run side by side (${exclusive})`;
  }
  if (names.includes(canaryName(service))) {
    return `${service} can have no canary, because the workspace has something named ${canaryName(service)}: rename it`;
  }
  return undefined;
}
