import { edgeContainers, type EdgePlan } from '../../../deployment/edge-plan';
import { portOfState, servedPorts } from '../../../deployment/listening-port';
import type { ServicePlan } from '../../../deployment/run-plan';
import { dialledPorts } from '../../../edge/dialled-ports';
import { readProjectContainers } from '../../../effects/containers';
import type { Facts, Run } from '../run';
import { dialPorts, readEdgeConfig, rememberEdge } from './edge-config';

/**
 * Milliseconds after which no request waits for another try because it met a container that is gone: for a second the edge
 * may still have its address, tries it for a second more, and then waits a moment. A reload answers such requests with 502.
 */
const UNTIL_NONE_WAITS = 2500;

/** What the edge does for services whose new containers listen on another port than the old ones. */
export interface MovingPorts {
  /** Ports of services that are being replaced, beside those that serve. */
  readonly ports: ReadonlyMap<string, readonly number[]>;
  /**
   * While a service is replaced, and a moment longer, it is reached at both ports; if `work` fails, at the old one only.
   */
  around<T>(one: ServicePlan, work: () => Promise<T>): Promise<T>;
  /** Once all services are rolled: they are reached at their new ports alone. */
  end(): Promise<void>;
}

/**
 * @param inTurn changes the edge while nothing else does.
 * @param onReload if the run may have to be undone: gets what puts the configuration of the edge back.
 */
export function movingPorts(
  run: Run,
  { containers, edge }: Pick<Facts, 'containers' | 'edge'>,
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
  onReload?: (undo: () => Promise<void>) => void,
): MovingPorts {
  const ports = new Map<string, readonly number[]>();
  const moved = new Map<string, number>();
  const untilNoneWaits = () => run.undo.clock.sleep(UNTIL_NONE_WAITS);

  async function prepare({ service, desired, plan }: ServicePlan) {
    const { container } = edge;
    const next = portOfState(desired);
    if (!container || next === undefined || plan.kind === 'keep') return undefined;
    if (servedPorts(containers, service).join() === String(next)) return undefined;
    const config = await readEdgeConfig(run, container);
    const before = config ? dialledPorts(config, service) : [];
    if (before.length === 0 || before.join() === String(next)) return undefined;
    const undo = await rememberEdge(run, container);
    onReload?.(() => untilNoneWaits().then(undo));
    const both = [...new Set([...before, next])].sort((a, b) => a - b);
    ports.set(service, both);
    await dial(run, service, both);
    return { before, next };
  }

  /** Another service of the run may have had the container of the edge replaced. */
  async function dial(by: Run, service: string, wanted: readonly number[]): Promise<void> {
    const all = await readProjectContainers(by.runner, by.address, by.name);
    const { container } = edgeContainers(all);
    if (container) await dialPorts(by, container, service, wanted);
  }

  return {
    ports,
    around: async (one, work) => {
      const { service } = one;
      const move = await inTurn(() => prepare(one));
      if (!move) return work();
      try {
        const result = await work().finally(untilNoneWaits);
        moved.set(service, move.next);
        // What may have to be put back is reached at both until the run ends.
        if (!onReload) ports.delete(service);
        return result;
      } catch (error) {
        ports.delete(service);
        await inTurn(() => dial({ ...run, runner: run.undo.runner }, service, move.before));
        throw error;
      }
    },
    end: () =>
      inTurn(async () => {
        ports.clear();
        for (const [service, port] of moved) await dial(run, service, [port]);
      }),
  };
}

/** A rollback leaves the edge as it is, but for the port at which it reaches a service. */
export async function planLeftEdge(
  run: Run,
  services: readonly ServicePlan[],
  { containers, edge: { container } }: Pick<Facts, 'containers' | 'edge'>,
): Promise<EdgePlan> {
  if (!container) return { kind: 'none' };
  for (const { service, desired, plan } of services) {
    const port = portOfState(desired);
    const served = servedPorts(containers, service);
    if (plan.kind === 'keep' || port === undefined || served.join() === String(port)) continue;
    const config = await readEdgeConfig(run, container);
    const dialled = config ? dialledPorts(config, service) : [];
    if (dialled.length > 0 && dialled.join() !== String(port)) {
      return { kind: 'reload', reason: `${service} listens on port ${port} in that release` };
    }
  }
  return { kind: 'keep' };
}
