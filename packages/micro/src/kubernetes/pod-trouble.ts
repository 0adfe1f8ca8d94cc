import type { Condition, LiveObject } from './live-object';

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: object;
  terminated?: { exitCode?: number; reason?: string; message?: string };
}

interface ContainerStatus {
  name: string;
  image?: string;
  restartCount?: number;
  ready?: boolean;
  started?: boolean;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface Pod extends LiveObject {
  spec?: { nodeName?: string; containers?: readonly { name: string; image?: string }[] };
  status?: {
    phase?: string;
    startTime?: string;
    conditions?: readonly Condition[];
    initContainerStatuses?: readonly ContainerStatus[];
    containerStatuses?: readonly ContainerStatus[];
  };
}

/** Whether it gets traffic. */
export function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'True');
}

/** Whether a node has it, but has not made its containers yet. */
export function isBeingCreated({ status, metadata }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    (status?.containerStatuses ?? []).some(({ state }) =>
      ['ContainerCreating', 'PodInitializing'].includes(state?.waiting?.reason ?? ''),
    )
  );
}

/** Whether its containers run, ready or not. */
export function isRunning({ status, metadata }: Pod): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined;
}

/** Why a pod will not become ready by itself. */
export interface PodTrouble {
  reason: string;
  container?: string;
  /** Whether the log that says more is of the container before the present one. */
  previous?: boolean;
}

/** A node that an autoscaler adds takes longer; then the rollout is tried again. */
const UNSCHEDULABLE_MILLISECONDS = 15_000;

/** A node that died is noticed by the cluster after 40 s, and its pods are made elsewhere after 5 more minutes. */
const SILENT_NODE_MILLISECONDS = 30_000;

/** What no waiting mends. */
const NEVER = [
  ...['InvalidImageName', 'ErrImageNeverPull', 'CreateContainerConfigError'],
  ...['CreateContainerError', 'RunContainerError'],
];
/** A registry's final word; without one, the kubelet tries once more before it backs off. */
const FINAL =
  /not found|manifest unknown|denied|unauthorized|forbidden|401|403|no match for platform/i;

/** `undefined` as long as the pod may still become ready. */
export function podTrouble({ spec, status = {} }: Pod, now: number): PodTrouble | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = status;
  for (const container of [...initContainerStatuses, ...containerStatuses]) {
    const reason = containerTrouble(container);
    if (reason) return { container: container.name, ...reason };
  }
  const placed = status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (placed?.status === 'False' && placed.reason === 'Unschedulable') {
    const since = now - Date.parse(placed.lastTransitionTime ?? '');
    if (since >= UNSCHEDULABLE_MILLISECONDS) {
      return { reason: `no node can take it: ${placed.message ?? ''}` };
    }
  }
  // A kubelet notes the time as soon as it sees a pod.
  if (placed?.status === 'True' && spec?.nodeName && status.startTime === undefined) {
    const since = now - Date.parse(placed.lastTransitionTime ?? '');
    if (since >= SILENT_NODE_MILLISECONDS) {
      return { reason: `its node ${spec.nodeName} does not start it: see "kubectl get nodes"` };
    }
  }
  return undefined;
}

function containerTrouble({
  image = '',
  state = {},
  lastState = {},
  restartCount = 0,
}: ContainerStatus): PodTrouble | undefined {
  const { reason = '', message = '' } = state.waiting ?? {};
  if (reason === 'ErrImagePull' && FINAL.test(message)) {
    return { reason: `${image} cannot be pulled: ${message}` };
  }
  if (reason === 'ImagePullBackOff') return { reason: `${image} cannot be pulled: ${message}` };
  if (NEVER.includes(reason)) return { reason: `its container cannot start: ${message || reason}` };
  if (reason === 'CrashLoopBackOff') {
    return { reason: `it ends again and again (${endOf(lastState)})`, previous: true };
  }
  // One restart may be the start of a provider; a second is a pattern.
  if (restartCount >= 2) {
    return {
      reason: `it was restarted ${restartCount} times (${endOf(lastState)})`,
      previous: true,
    };
  }
  return undefined;
}

function endOf({ terminated }: ContainerState): string {
  const { reason, exitCode } = terminated ?? {};
  const code = exitCode === undefined ? '' : `exit code ${exitCode}`;
  return [code, reason === 'Error' ? '' : reason].filter(Boolean).join(', ') || 'no exit code';
}
