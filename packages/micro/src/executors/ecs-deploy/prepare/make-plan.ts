import { imageOfPush } from '../../../deployment/desired-state';
import { checkCommit, parseCommit } from '../../../deployment/commit';
import { rollOrder } from '../../../deployment/order';
import { desiredEcsService, type DesiredEcsService } from '../../../ecs/desired-service';
import { isOurs } from '../../../ecs/live-service';
import {
  planEcsService,
  type EcsPlan,
  type EcsServicePlan,
  type OwnEcsPlan,
} from '../../../ecs/service-plan';
import { readEcsState, type EcsState } from '../../../effects/ecs-state';
import { renderForEcs } from '../../../effects/ecs-rendering';
import { linkedWithin } from '../../../platform/environment';
import { UserError } from '../../../platform/user-error';
import { attempt } from '../../deploy-failures';
import { readDeployed } from '../../read-push';
import { keepSigned } from '../../signed-images';
import type { Run } from '../run';
import { readReleases } from './read-releases';

/** Reads what was pushed and what runs, and compares them. */
export async function makePlan(run: Run): Promise<EcsPlan> {
  const { tasks, environment, platform, scope, aws } = run;
  const asked = tasks.map(({ service }) => service.name);
  const known = platform.services.map(({ name }) => name);
  const isRollback = run.mode.destination.kind === 'release';
  const reading = readEcsState(aws, scope, asked, known);
  const unpushed = new Set<string>();
  const [state, wanted] = await Promise.all([
    reading,
    isRollback ? reading.then((found) => readReleases(run, found)) : readPushed(run, unpushed),
  ]);
  const desired = await keepSigned(run, wanted, unpushed);
  const linked = tasks.map(({ service }) => linkedWithin(environment, service));
  const services: EcsServicePlan[] = [];
  for (const [name, after] of rollOrder(linked)) {
    const one = desired.get(name);
    const plan = one && (await attempt(run, name, () => planOne(run, one, state)));
    if (!plan) continue;
    const { consumes } = linked.find((service) => service.name === name)!;
    const missing = consumes.filter(
      (provider) => !state.names.has(provider) && !asked.includes(provider),
    );
    services.push({ ...plan, ...(await checkRunning(run, plan)), missing, after });
  }
  const { region, cluster } = scope;
  return {
    ...{ environment: environment.name, region, cluster, rollback: isRollback, services },
    left: state.left,
    prune: run.mode.prune,
  };
}

/** @param unpushed gets the names of services whose images are not pushed. */
async function readPushed(
  run: Run,
  unpushed: Set<string>,
): Promise<Map<string, DesiredEcsService>> {
  const { tasks, environment, platform } = run;
  const images = new Map<string, { key: string; image: string }>();
  for (const task of tasks) {
    const { name } = task.service;
    const push = await attempt(run, name, () => readDeployed(task, environment, run.mode));
    if (push) images.set(name, imageOfPush(push));
    if (push?.kind === 'unpushed') unpushed.add(name);
  }
  if (images.size === 0) return new Map();
  const rendered = await renderForEcs(run, platform, environment, images);
  return new Map(
    [...images].map(([name, image]) => [name, desiredEcsService(rendered, name, image)]),
  );
}

/** What somebody else made is not ours to change. */
async function planOne(
  { scope, environment }: Run,
  desired: DesiredEcsService,
  { services }: EcsState,
): Promise<OwnEcsPlan> {
  const { service, entry } = desired;
  const live = services.get(service);
  const name = entry.createService.serviceName;
  if (live && !isOurs(live, scope)) {
    throw new UserError(
      `${service} was not changed: the cluster ${scope.cluster} has a service ${name} without the tags of ${scope.platform} in ${environment.name}. Delete it if it is not needed, or write another "cluster" into ${environment.file}`,
    );
  }
  if (live?.described.status === 'DRAINING') {
    throw new UserError(
      `${service} was not changed: the service ${name} is being deleted. Wait until its tasks have stopped, and run this again`,
    );
  }
  return Promise.resolve(planEcsService(desired, live));
}

async function checkRunning(
  { commit, ancestryOf, mode, environment }: Run,
  { current, action }: OwnEcsPlan,
): Promise<Pick<EcsServicePlan, 'commit'>> {
  const runs = parseCommit(current?.commit);
  if (!runs || mode.destination.kind === 'release') return {};
  const check = checkCommit(runs, commit, await ancestryOf(runs.id));
  const isAllowed = mode.allowOlder || environment.olderCommits === 'allow';
  const isRefused = check.takesBack && action !== 'keep' && !isAllowed;
  return { commit: { ...check, isRefused } };
}
