import { rollOrder } from '../../../deployment/order';
import type { ClusterState } from '../../../effects/cluster-state';
import type { ClusterPlan } from '../../../kubernetes/cluster-plan';
import type { ClusterRelease } from '../../../kubernetes/release-book';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import { linkedWithin } from '../../../platform/environment';
import { UserError } from '../../../platform/user-error';
import { limit } from '../../../effects/limit';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';
import { startBroker } from './needs';
import { recordRelease, releaseOf } from './record';
import { rollService } from './roll-service';
import { undoRoll } from './undo';

/** How many services without links between them are rolled at the same time: nodes have to hold their new pods. */
const ROLLS = 8;

/** A service that was deployed. */
export interface Rolled {
  plan: ServicePlan;
  release: ClusterRelease;
  /** Milliseconds. */
  took: number;
}

/** Rolls every service after the services that it consumes. */
export async function rollAll(
  run: Run,
  clusterPlan: ClusterPlan,
  state: ClusterState,
): Promise<Map<string, Rolled>> {
  const { services } = clusterPlan;
  const { failures, tasks, environment, mode, clock } = run;
  const broker = startBroker(run, clusterPlan);
  const rolled = new Map<string, Rolled>();
  const inTurn = limit(ROLLS);
  const ended = new Map<string, Promise<void>>();
  const order = rollOrder(tasks.map(({ service }) => linkedWithin(environment, service)));
  for (const [service, providers] of order) {
    const plan = services.find((candidate) => candidate.service === service);
    const work = async () => {
      for (const provider of providers) await ended.get(provider);
      if (!plan || failures.has(service)) return;
      const problem = plan.desired.broker && (await broker);
      if (problem) {
        failures.set(service, withoutBroker(service, problem));
        return;
      }
      const broken = providers.find((provider) => failures.has(provider));
      if (broken !== undefined && plan.action !== 'keep') {
        const message = `${service} was not changed, because ${broken}, which it consumes, could not be deployed`;
        failures.set(service, new UserError(message));
        return;
      }
      await inTurn(() =>
        attempt(run, service, async () => {
          const started = clock.now();
          await rollService(run, plan, state);
          const release = releaseOf(run, plan, state);
          // A canary is recorded while it starts.
          const isRelease = plan.action !== 'keep' && plan.action !== 'canary';
          if (isRelease && !mode.atomic) {
            await recordRelease(run, plan, release, state);
          }
          rolled.set(service, { plan, release, took: clock.now() - started });
        }),
      );
    };
    ended.set(service, work());
  }
  await Promise.all(ended.values());
  if (mode.atomic) await settle(run, rolled, state);
  return rolled;
}

function withoutBroker(service: string, problem: Error): Error {
  if (!(problem instanceof UserError)) return problem;
  return new UserError(`${problem.message}\n${service}, which uses it, was not changed`);
}

/** With --atomic, releases are recorded once all services have them; or all go back. */
async function settle(
  run: Run,
  rolled: ReadonlyMap<string, Rolled>,
  state: ClusterState,
): Promise<void> {
  const { failures } = run;
  const why = [...failures.keys()].join(', ');
  const changed = [...rolled.values()].filter(({ plan }) => plan.action !== 'keep');
  for (const { plan, release } of why === '' ? changed : changed.reverse()) {
    const { service } = plan;
    if (why === '') {
      await attempt(run, service, () => recordRelease(run, plan, release, state));
      continue;
    }
    const after = await undoRoll(run, plan, state);
    const message = `${service} was taken back, because ${why} failed (--atomic): ${after}`;
    failures.set(service, new UserError(message));
  }
}
