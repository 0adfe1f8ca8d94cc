import { changesNothing } from '../../deployment/run-plan';
import { addressOf, projectNameOf } from '../../deployment/project';
import { holdLock } from '../../effects/deploy-lock';
import { readEnvironment } from '../../effects/environments';
import { withTemporaryFolder } from '../../effects/files';
import {
  interruptibleClock,
  interruptibleRunner,
  stubbornRunner,
} from '../../effects/interruption';
import { readEngineKernel } from '../../effects/engine';
import { readCommit } from '../../effects/workspace-commit';
import { readCurrentUser, readRunId } from '../../effects/current-user';
import { sharedRunner } from '../../effects/shared-runner';
import { formatList, formatSeconds, formatStep } from '../../terminal/step';
import { requireEnvironment } from '../docker-push/push-image';
import { asCanaries, type Prepared } from './canary/as-canaries';
import { endCanaries, recordShares } from './canary/end-canaries';
import { ownName } from './canary/plan-canaries';
import { limit } from '../../effects/limit';
import { type Rolled, finish } from './deploy-one';
import { edgeSteps } from './edge/edge-steps';
import { readEdgePorts, requireEdgeImage } from './edge/run-edge';
import { normaliseOptions } from '../deploy-options';
import { moveEarlierNotes } from './prepare/earlier-releases';
import { findImages, findRecordedImages } from './prepare/find-images';
import { skipExternal } from '../skip-external';
import { addDevelopmentPasswords } from './prepare/development-passwords';
import { makePlan } from './prepare/make-plan';
import { leaveFormerNetwork } from './prepare/reach-needs';
import { readSecrets } from './prepare/read-secrets';
import { type Rendered, render } from './prepare/render';
import { leaveReceipt } from './report/receipt';
import { tellPlan, tellSummary } from './report/tell';
import { removeLeftServices } from './roll/remove-left-services';
import { requireOthersUntouched } from './roll/require-others-untouched';
import { confirmKept } from './roll/confirm-kept';
import { keepGiven, putBackAll } from './roll/undo-atomic';
import { reviveAll } from './roll/revival';
import { linkPauseOf } from './roll/link-pause';
import { rollAll } from './roll/roll-all';
import type { DeployRequest, Failures } from '../deploy-request';
import { attempt, failAll, refuseOlder } from '../deploy-failures';
import { type Run, readFacts } from './run';

/**
 * Deploys the services of a run together: compares all of them with what is running, prints one plan, takes the lock,
 * and rolls providers before their consumers. If one fails, its consumers are not changed.
 *
 * @throws {UserError} if nothing could be deployed at all.
 */
export async function deployRun(request: DeployRequest): Promise<Failures> {
  const { workspaceRoot, platformName, options, interruption } = request;
  const mode = normaliseOptions(options);
  const environment = readEnvironment(workspaceRoot, requireEnvironment(options));
  const address = addressOf(environment);
  const name = projectNameOf(platformName, environment);
  const tasks = skipExternal(request, environment, mode);
  if (tasks.length === 0 && !mode.json) return new Map();
  const runner = sharedRunner(interruptibleRunner(request.runner, interruption));
  return withTemporaryFolder(async (folder) => {
    const run: Run = {
      ...request,
      tasks,
      mode,
      environment,
      address,
      name,
      runner,
      clock: interruptibleClock(request.clock, interruption),
      undo: { runner: stubbornRunner(request.runner), clock: request.clock },
      book: { runner, address, project: name },
      ...(await readCommit(runner)),
      failures: new Map(),
      canaryOf: new Map(),
      secrets: new Map(),
      folder,
      alone: limit(1),
      addresses: limit(1),
      linkPause: async () => linkPauseOf(await readEngineKernel(request.runner, address)),
    };
    if (!mode.plan) await addDevelopmentPasswords(run);
    await readSecrets(run);
    const prepared = asCanaries(run, await render(run));
    await deployPrepared(prepared);
    return new Map([...run.failures].map(([one, why]) => [ownName(prepared.run, one), why]));
  });
}

/** Plans and, unless only the plan is asked for, deploys. */
async function deployPrepared({ run, rendered }: Prepared): Promise<void> {
  const { mode, environment, interruption, tasks, name, tell } = run;
  if (mode.plan) {
    const plan = await makePlan(run, rendered, await readFacts(run));
    tellPlan(run, plan);
    refuseOlder(run, plan);
    return;
  }
  if (!(await findImages(run, rendered))) return;
  if (rendered?.edge) await requireEdgeImage(run, rendered.edge);
  await holdLock(
    {
      ...run,
      undo: run.undo.runner,
      project: name,
      holder: {
        user: readCurrentUser(),
        pid: process.pid,
        run: readRunId(),
        command: `compose-deploy of ${formatList(tasks.map(({ service }) => service.name))}`,
      },
      timeout: environment.lockTimeout,
      force: mode.breakLock,
      say: tell,
      onLost: (why) => interruption.trigger(why),
    },
    () => deployAll(run, rendered),
  );
}

/** Everything that needs the lock. */
async function deployAll(run: Run, rendered: Rendered | undefined): Promise<void> {
  const { failures, mode } = run;
  const begun = run.clock.now();
  let facts = await readFacts(run);
  if (rendered && facts.earlier.length > 0) {
    await moveEarlierNotes(run, facts.earlier, rendered.written);
    facts = await readFacts(run);
  }
  let plan = await makePlan(run, rendered, facts);
  tellPlan(run, plan);
  if (refuseOlder(run, plan)) return;
  if (!rendered || mode.destination.kind === 'promote') await findRecordedImages(run, plan);
  if (mode.atomic && failures.size > 0) {
    return failAll(run, 'nothing was changed (--atomic)');
  }
  if (plan.services.some(({ revived }) => revived.length > 0)) {
    await reviveAll(run, plan, facts);
    facts = await readFacts(run);
    plan = await makePlan(run, rendered, facts);
  }
  const given = mode.atomic ? await keepGiven(run, plan) : undefined;
  const rolled = new Map<string, Rolled>();
  const edge = edgeSteps(run, rendered?.edge, plan, facts);
  await attemptAll(run, edge.first);
  await rollAll(run, rendered, plan, facts, rolled, edge);
  const isUndone = mode.atomic && failures.size > 0;
  const isKept = changesNothing(plan) && facts.edge.leftovers.length === 0;
  const isLeft = isKept || isUndone || run.interruption.signal.aborted;
  if (!isLeft && (rolled.size > 0 || failures.size === 0)) {
    await attemptAll(run, async () => {
      await recordShares(run, plan.canaries, facts);
      await edge.last();
      await endCanaries(run, plan.canaries, facts);
    });
  }
  if (given && failures.size > 0) {
    await edge.undo();
    await putBackAll(run, plan, rolled, given);
    await attemptAll(run, edge.restore);
    tellSummary(run, plan, rolled, begun);
    return;
  }
  for (const done of rolled.values()) {
    await attempt(run, done.release.service, () => finish(run, done, facts));
  }
  for (const { task, desired } of rolled.values()) {
    const { name, consumes } = task.service;
    await attempt(run, name, () => leaveFormerNetwork(run, desired, consumes, facts.containers));
  }
  await attemptAll(run, () => confirmKept(run, plan, rolled, facts));
  const pruned =
    mode.prune && failures.size === 0 ? await removeLeftServices(run, rendered!, facts) : [];
  if (!isKept && !run.interruption.signal.aborted) {
    await attemptAll(run, () => requireOthersUntouched(run, plan, facts, pruned));
  }
  for (const { task, desired, containers, kept, took } of rolled.values()) {
    const { name } = task.service;
    if (failures.has(name)) continue;
    // What a canary runs is not what the service runs.
    if (!run.canaryOf.has(name)) await leaveReceipt(run, task, desired, containers);
    const names = containers.map((container) => container.name).join(', ');
    task.say(
      formatStep(
        name,
        kept ? 'kept' : 'deployed',
        `${names} in ${run.environment.name}  ${formatSeconds(took)}`,
      ),
    );
  }
  tellSummary(run, plan, rolled, begun, await readEdgePorts(run, rendered?.edge));
}

/** Does work that all services depend on: if it fails, all of them fail. */
async function attemptAll({ failures, tasks }: Run, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    for (const { service } of tasks) {
      if (!failures.has(service.name)) failures.set(service.name, error as Error);
    }
  }
}
