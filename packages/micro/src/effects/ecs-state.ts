import { isOurs, liveService, type DescribedService, type LiveService } from '../ecs/live-service';
import { nameOnEcs, type EcsScope } from '../ecs/names';
import { runAws, type Aws } from './aws';

/** What an environment has on ECS. */
export interface EcsState {
  /** By the names of the services in the workspace: those that were asked for. */
  services: ReadonlyMap<string, LiveService>;
  /** Names of all services that are there under our prefix, as the workspace would call them. */
  names: ReadonlySet<string>;
  /** Services of ours that left the workspace. */
  left: readonly string[];
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
  const left = strangers.filter((name) => found.has(name) && isOurs(found.get(name)!, scope));
  return {
    services: new Map([...found].filter(([name]) => asked.includes(name))),
    names: new Set(names.filter((name) => !asked.includes(name) || found.has(name))),
    left: left.sort(),
  };
}

/** Services that are not there are left out. */
export async function describeServices(
  aws: Aws,
  scope: EcsScope,
  names: readonly string[],
): Promise<DescribedService[]> {
  const groups = Array.from({ length: Math.ceil(names.length / DESCRIBED) }, (_, at) =>
    names.slice(at * DESCRIBED, (at + 1) * DESCRIBED),
  );
  const all = await Promise.all(
    groups.map(async (group) => {
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
