import type { Task } from '@aws-sdk/client-ecs';
import { isOurs, liveService, type DescribedService, type LiveService } from '../ecs/live-service';
import { nameOnEcs, type EcsScope } from '../ecs/names';
import { runAws, type Aws } from './aws';

/** What an environment has on ECS. */
export interface EcsState {
  /** By the names of the services in the workspace: those that were asked for. */
  services: ReadonlyMap<string, LiveService>;
  /** Names of all services that are there under our prefix, as the workspace would call them. */
  names: ReadonlySet<string>;
  /** Services of ours that left the workspace and are not being deleted, by their names there. */
  left: ReadonlyMap<string, LiveService>;
}

/** As many as one call describes. */
const DESCRIBED = 10;

/**
 * Reads the services of an environment: one call for each hundred services of the cluster, and one for each ten of ours.
 *
 * @param asked the services that are described.
 * @param known all services of the workspace.
 */
export async function readEcsState(
  aws: Aws,
  scope: EcsScope,
  asked: readonly string[],
  known: readonly string[],
): Promise<EcsState> {
  const args = ['ecs', 'list-services', '--cluster', scope.cluster, '--page-size', '100'];
  const what = `Could not list the services of the cluster ${scope.cluster}`;
  const { serviceArns = [] } = await runAws<{ serviceArns?: string[] }>(aws, args, what);
  const prefix = nameOnEcs(scope, '');
  const names = serviceArns
    .map((arn) => arn.split('/').at(-1)!)
    .flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  const strangers = names.filter((name) => !known.includes(name));
  const described = await describeServices(aws, scope, [
    ...names.filter((name) => asked.includes(name)),
    ...strangers,
  ]);
  const found = new Map(
    described
      .filter(({ status }) => status !== 'INACTIVE')
      .map((one) => [one.serviceName!.slice(prefix.length), liveService(one)] as const),
  );
  const left = [...found].filter(
    ([name, live]) =>
      !known.includes(name) && isOurs(live, scope) && live.described.status !== 'DRAINING',
  );
  return {
    services: new Map([...found].filter(([name]) => asked.includes(name))),
    names: new Set(names.filter((name) => !asked.includes(name) || found.has(name))),
    left: new Map(left.sort(([a], [b]) => a.localeCompare(b))),
  };
}

/** Deletes a service with its tasks. */
export async function deleteService(aws: Aws, scope: EcsScope, service: string): Promise<void> {
  const name = nameOnEcs(scope, service);
  const args = ['ecs', 'delete-service', '--force', '--cluster', scope.cluster, '--service', name];
  await runAws(aws, args, `Could not delete the service ${service}`);
}

/** As many tasks as one call describes. */
const DESCRIBED_TASKS = 100;

/**
 * Tasks of the cluster that are to run, those of other platforms too: one call for each hundred names the tasks, and
 * another one describes them. By the service, it would be two for each service.
 */
export async function readEcsTasks(aws: Aws, { cluster }: EcsScope): Promise<Task[]> {
  const args = ['ecs', 'list-tasks', '--cluster', cluster, '--page-size', '100'];
  const what = `Could not list the tasks of the cluster ${cluster}`;
  const { taskArns = [] } = await runAws<{ taskArns?: string[] }>(aws, args, what);
  const all = await Promise.all(
    inGroups(taskArns, DESCRIBED_TASKS).map(async (group) => {
      const described = ['ecs', 'describe-tasks', '--cluster', cluster, '--tasks', ...group];
      // A task that ended meanwhile is a failure of the answer, not of the call.
      const answer = await runAws<{ tasks?: Task[] }>(aws, described, 'Could not look at tasks');
      return answer.tasks ?? [];
    }),
  );
  return all.flat();
}

/** Services that are not there are left out. */
export async function describeServices(
  aws: Aws,
  scope: EcsScope,
  names: readonly string[],
): Promise<DescribedService[]> {
  const all = await Promise.all(
    inGroups(names, DESCRIBED).map(async (group) => {
      const services = group.map((name) => nameOnEcs(scope, name));
      const args = ['ecs', 'describe-services', '--cluster', scope.cluster, '--include', 'TAGS'];
      const answer = await runAws<{ services?: DescribedService[] }>(
        aws,
        [...args, '--services', ...services],
        'Could not look at the services',
      );
      return answer.services ?? [];
    }),
  );
  return all.flat();
}

function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}
