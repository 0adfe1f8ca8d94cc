import { canaryName } from '../platform/canary';
import {
  describeCanaryShare,
  type CanaryHeader,
  type CanaryShare,
  type CanaryShares,
} from './canary';
import { isServing, type Container } from './container';
import { DEPLOY_LABELS } from './labels';

/** What becomes of the canary of a service. */
export interface CanaryPlan {
  service: string;
  /**
   * `start` also changes its share or its version, `run` leaves it beside what is deployed, `promote` and `abort` end it,
   * and with `none` there is nothing to try.
   */
  action: 'start' | 'run' | 'promote' | 'abort' | 'none';
  /** Percent of the requests of the service that it gets afterwards; if it ends, that it had. */
  weight: number;
  /** Requests with this header, whatever the weight. */
  header?: CanaryHeader | undefined;
  /** What it has until now; absent if it has no requests yet. */
  before?: CanaryShare | undefined;
  /** The image key of a canary that runs. */
  key?: string | undefined;
}

/** What runs of the canary of a service. */
export interface RunningCanary {
  containers: readonly Container[];
  share: CanaryShare | undefined;
}

/** A canary that runs, or that an interrupted deploy left; `undefined` if no container of it is there. */
export function canaryIn(
  service: string,
  containers: readonly Container[],
  shares: CanaryShares,
): RunningCanary | undefined {
  const own = containers.filter((one) => one.service === canaryName(service));
  return own.length === 0 ? undefined : { containers: own, share: shares.get(service) };
}

/** A canary that a run does not start. */
export function plannedEnd(
  service: string,
  { containers, share }: RunningCanary,
  action: 'run' | 'promote' | 'abort',
): CanaryPlan {
  const first = containers.find(isServing);
  return {
    ...{ service, action, weight: share?.weight ?? 0, before: share },
    ...(share?.header ? { header: share.header } : {}),
    ...(first ? { key: first.labels[DEPLOY_LABELS.key] } : {}),
  };
}

/** In words: `10 % of its requests go to a canary (3f2a…)`. */
export function describeCanary({
  weight,
  header,
  key,
}: Pick<CanaryPlan, 'weight' | 'header' | 'key'>): string {
  const name = key === undefined ? 'a canary' : `a canary (${key.slice(0, 12)})`;
  return `${describeCanaryShare({ weight, header })} go to ${name}`;
}
