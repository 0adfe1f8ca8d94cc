import { awsOf } from '../../effects/aws';
import { readAnyEnvironment } from '../../effects/environments';
import { readCurrentUser, readRunId } from '../../effects/current-user';
import { holdParameter } from '../../effects/ecs-lock';
import { fileReader } from '../../effects/files';
import {
  interruptibleClock,
  interruptibleRunner,
  stubbornRunner,
} from '../../effects/interruption';
import { sharedRunner } from '../../effects/shared-runner';
import { readCommit } from '../../effects/workspace-commit';
import { findServiceProjects } from '../../effects/workspace-projects';
import { scopeOf } from '../../ecs/names';
import { ecsChangesNothing, type EcsPlan } from '../../ecs/service-plan';
import type { EcsEnvironment } from '../../platform/ecs-environment';
import { unknownEngine } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { readPlatform } from '../../platform/workspace';
import { formatList } from '../../terminal/step';
import { failAll, refuseOlder } from '../deploy-failures';
import { normaliseOptions } from '../deploy-options';
import type { DeployRequest, Failures } from '../deploy-request';
import { requireEnvironment } from '../docker-push/push-image';
import { skipExternal } from '../skip-external';
import { makePlan } from './prepare/make-plan';
import { requireRoles } from './prepare/require-roles';
import { tellSummary } from '../tell-deploy';
import { tellPlan, tellRolled } from './report/tell';
import { prune } from './roll/prune';
import { rollAll, type Rolled } from './roll/roll-all';
import type { Run } from './run';

/**
 * Deploys the services of a run together: compares all of them with ECS and prints one plan. If there is something to
 * do, takes the lock, looks again, and deploys providers before their consumers.
 *
 * @throws {UserError} if nothing could be deployed at all.
 */
export async function deployRun(request: DeployRequest): Promise<Failures> {
  const run = await startRun(request);
  const { tasks, failures, mode, environment, scope } = run;
  if (tasks.length === 0 && !mode.json) return failures;
  const begun = run.clock.now();
  const first = await makePlan(run);
  if (mode.plan) {
    tellPlan(run, first);
    refuseOlder(run, first);
    return failures;
  }
  if (tasks.every(({ service }) => failures.has(service.name))) return failures;
  if (ecsChangesNothing(first) && failures.size === 0) {
    tellPlan(run, first);
    await tellRolled(run, keptOf(first));
    tellSummary(run, first.services, begun);
    return failures;
  }
  const names = tasks.map(({ service }) => service.name);
  await holdParameter(
    {
      ...{ aws: run.aws, undo: run.undo.aws, scope, clock: run.clock },
      holder: {
        ...{ user: readCurrentUser(), pid: process.pid, run: readRunId() },
        command: `ecs-deploy of ${formatList(names)}`,
      },
      ...{ timeout: environment.lockTimeout, force: mode.breakLock, say: run.tell },
      onLost: (why) => run.interruption.trigger(why),
    },
    async () => deployAll(run, begun),
  );
  return failures;
}

async function startRun(request: DeployRequest): Promise<Run> {
  const { workspaceRoot, platformName, options, interruption } = request;
  const mode = normaliseOptions(options);
  const environment = readEcsEnvironment(workspaceRoot, requireEnvironment(options));
  const read = fileReader(workspaceRoot);
  const runner = sharedRunner(interruptibleRunner(request.runner, interruption));
  const platform = readPlatform(findServiceProjects(workspaceRoot, read), read);
  const scope = scopeOf({ ...platform, name: platformName }, environment);
  return {
    ...request,
    ...{ runner, mode, environment, scope, platform },
    tasks: skipExternal(request, environment, mode),
    aws: awsOf(runner, scope, environment),
    clock: interruptibleClock(request.clock, interruption),
    undo: {
      aws: awsOf(stubbornRunner(request.runner), scope, environment),
      clock: request.clock,
    },
    ...(await readCommit(runner)),
    failures: new Map(),
  };
}

/** @throws {UserError} if it is for another engine. */
function readEcsEnvironment(workspaceRoot: string, name: string): EcsEnvironment {
  const environment = readAnyEnvironment(workspaceRoot, name);
  if (environment.engine === 'ecs') return environment;
  if (environment.engine === 'kubernetes') throw unknownEngine(environment);
  throw new UserError(
    `${environment.file} is for Compose: run nx compose-deploy -c ${name}, or write "engine: ecs" into it`,
  );
}

/** Everything that needs the lock. */
async function deployAll(run: Run, begun: number): Promise<void> {
  const { failures, mode } = run;
  // What the first look found wrong is found again.
  failures.clear();
  const plan = await makePlan(run);
  tellPlan(run, plan);
  if (refuseOlder(run, plan)) return;
  if (mode.atomic && failures.size > 0) return failAll(run, 'nothing was changed (--atomic)');
  await requireRoles(run, plan);
  const rolled = await rollAll(run, plan);
  if (mode.prune && failures.size === 0) await prune(run, plan);
  await tellRolled(run, rolled);
  tellSummary(run, plan.services, begun);
}

/** Services that run as they are declared, so that nothing was written. */
function keptOf({ services }: EcsPlan): Map<string, Rolled> {
  return new Map(
    services.map((plan) => [plan.service, { plan, revision: plan.current!.revision, took: 0 }]),
  );
}
