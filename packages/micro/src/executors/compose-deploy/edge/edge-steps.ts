import type { CanaryShares } from '../../../deployment/canary';
import type { Container } from '../../../deployment/container';
import { asServed, edgeContainers, portHolders } from '../../../deployment/edge-plan';
import { portOfState } from '../../../deployment/listening-port';
import type { RunPlan, ServicePlan } from '../../../deployment/run-plan';
import { startArguments, stopArguments } from '../../../docker/container';
import { saysContainerGone } from '../../../docker/error-patterns';
import { EngineError } from '../../../docker/engine-error';
import { readProjectContainers } from '../../../effects/containers';
import { runDocker } from '../../../effects/engine';
import { portMappingsOf } from '../../../deployment/entry';
import { isOfService, type Publication } from '../../../edge/publication';
import { limit } from '../../../effects/limit';
import type { Facts, Run } from '../run';
import { formatStep } from '../../../terminal/step';
import { applyEdge, prepareEdge, removeEdge, startPrepared, type ApplyOptions } from './apply-edge';
import { movingPorts } from './moving-ports';
import type { RunEdge } from './run-edge';

/** What a run does with the edge before, between and after the rolls of its services. */
export interface EdgeSteps {
  /** Runs before any service is rolled, and fails while nothing is changed yet. */
  first(): Promise<void>;
  /** Wraps the roll of a service that takes its port from the edge or gives it to the edge. */
  around<T>(one: ServicePlan, work: (released?: () => Promise<void>) => Promise<T>): Promise<T>;
  /** Runs after all services are rolled. */
  last(): Promise<void>;
  /** Frees the ports that the edge took, so that the services that held them can be restored. */
  undo(): Promise<void>;
  /** Restores the edge as it was, after the services were restored. */
  restore(): Promise<void>;
}

/** @param edge absent in a rollback, which leaves the edge as it is. */
export function edgeSteps(
  run: Run,
  edge: RunEdge | undefined,
  { edge: planned }: RunPlan,
  facts: Facts,
): EdgeSteps {
  const { edge: state, containers, shares } = facts;
  const inTurn = limit(1);
  /** In reverse order. */
  const undos: (() => Promise<void>)[] = [];
  const onReload = run.mode.atomic
    ? (undo: () => Promise<void>) => void undos.unshift(undo)
    : undefined;
  const moving = movingPorts(run, facts, inTurn, onReload);
  const apply = (how: ApplyOptions = {}) =>
    inTurn(async () => void (edge && (await applyEdge(run, edge, how))));
  const takesFrom =
    planned.kind === 'create' || planned.kind === 'recreate' ? planned.takesFrom : [];
  const published = new Set(edge?.publications.map(({ service }) => service));
  const port = (service: string) =>
    run.tasks.find((task) => task.service.name === service)?.service.port;
  const old = planned.kind === 'remove' ? state.container : undefined;
  let stopped = false;
  let prepared: Container | undefined;
  const takeOver = () =>
    inTurn(async () => {
      if (!edge) return;
      // If several services held ports, the edge takes each one as soon as it is free.
      if (!prepared || takesFrom.length > 1) {
        return applyEdge(run, edge, { moving: moving.ports });
      }
      try {
        await startPrepared(run, prepared);
      } catch (error) {
        // A host may have pruned it while the service was rolled.
        if (!(error instanceof EngineError) || !saysContainerGone(error.output)) throw error;
        return applyEdge(run, edge);
      }
      run.tell(
        formatStep('edge', 'started', `${prepared.name}, holds the port of ${takesFrom[0]}`),
      );
    });
  const control = (runner: Run['runner'], args: readonly string[], what: string) =>
    run.addresses(() => runDocker(runner, args, run.address, what));

  const startOld = async () => {
    if (!old) return;
    await control(run.undo.runner, startArguments([old.id]), 'Could not start the edge again');
  };

  return {
    first: async () => {
      if (planned.kind !== 'create' || !edge) return;
      if (takesFrom.length === 0) await apply();
      else
        prepared = await prepareEdge(run, edge.of(publicationsNow(run, edge, containers, shares)));
    },
    around: async (one, work) => {
      const { service, plan, desired } = one;
      if (takesFrom.includes(service)) return work(takeOver);
      const ports = portMappingsOf(desired.slice.services[service] ?? {});
      const ownPort = portOfState(desired) ?? port(service);
      const wantsPort =
        plan.kind !== 'keep' && ports.some((mapping) => isOfService(mapping, ownPort ?? 0));
      if (!old || !wantsPort) {
        const result = await moving.around(one, () => work());
        if (plan.kind !== 'keep' && published.has(service)) {
          await apply({ onReload, moving: moving.ports });
        }
        return result;
      }
      await inTurn(async () => {
        if (stopped) return;
        stopped = true;
        await control(run.runner, stopArguments([old.id]), 'Could not stop the edge');
        undos.unshift(startOld);
      });
      try {
        return await work();
      } catch (error) {
        await startOld();
        throw error;
      }
    },
    last: () => (edge ? apply() : moving.end()),
    restore: async () => {
      for (const undo of undos) await undo();
    },
    undo: async () => {
      if (!edge || planned.kind !== 'create') return;
      const containers = await readProjectContainers(run.undo.runner, run.address, run.name);
      const { container, leftovers } = edgeContainers(containers);
      await removeEdge({ ...run, runner: run.undo.runner }, [
        ...leftovers,
        ...(container ? [container] : []),
      ]);
    },
  };
}

/**
 * What the edge can publish after this run: everything except ports that containers hold which the run does not
 * replace.
 */
export function publicationsNow(
  { tasks }: Pick<Run, 'tasks'>,
  { publications }: RunEdge,
  containers: readonly Container[],
  shares: CanaryShares,
): Publication[] {
  const isOfRun = (name: string) => tasks.some(({ service }) => service.name === name);
  const staying = portHolders(containers, publications).filter((name) => !isOfRun(name));
  const own = publications.filter(({ service }) => !staying.includes(service));
  return asServed(own, { containers, shares }).map((one) => {
    if (!isOfRun(one.service)) return one;
    // Where a service listens that is not deployed now is for its containers to say.
    const { ports: _ports, ...planned } = one;
    return planned;
  });
}
