import type { RunningContainer } from '../deployment/container';
import { entryOf } from './live-object';
import type { Pod } from './pod-trouble';

interface Variable {
  name: string;
  value?: string;
}

interface Mounted {
  name: string;
  env?: readonly Variable[];
  volumeMounts?: readonly { name: string; mountPath: string }[];
}

interface WithVolumes {
  volumes?: readonly ({ name: string } & Record<string, unknown>)[];
}

interface Ended {
  exitCode?: number;
  reason?: string;
}

interface ContainerStatus {
  name: string;
  containerID?: string;
  state?: { running?: object; terminated?: Ended };
  lastState?: { terminated?: Ended };
}

/** A pod as a container of its entry: the one that has the entry's name, whatever others were put beside it. */
export function containerOfPod(
  pod: Pod,
): Pick<
  RunningContainer,
  'id' | 'name' | 'service' | 'state' | 'image' | 'environment' | 'mounts'
> {
  const service = entryOf(pod) ?? pod.metadata.name;
  const container = mainContainer(pod, service);
  const kept = keptVolumes(pod);
  return {
    id: pod.metadata.uid ?? '',
    name: pod.metadata.name,
    service,
    state: stateOf(pod, service),
    image: container?.image ?? '',
    environment: Object.fromEntries(
      (container?.env ?? []).flatMap(({ name, value }) =>
        // Doubled, so that it begins no reference to another variable.
        value === undefined ? [] : [[name, value.replaceAll('$$', '$')]],
      ),
    ),
    mounts: (container?.volumeMounts ?? []).map(({ name, mountPath }) => ({
      path: mountPath,
      isKept: kept.has(name),
    })),
  };
}

/** Whether some of the container's variables have values that its pod does not show, such as those of a Secret. */
export function hasHiddenVariables(pod: Pod): boolean {
  const container = mainContainer(pod, entryOf(pod) ?? '');
  return (container?.env ?? []).some(({ value }) => value === undefined);
}

function mainContainer({ spec }: Pod, name: string) {
  const containers = (spec?.containers ?? []) as readonly (Mounted & { image?: string })[];
  return containers.find((one) => one.name === name) ?? containers[0];
}

function stateOf(pod: Pod, name: string): RunningContainer['state'] {
  const { phase } = pod.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return 'exited';
  if (pod.metadata.deletionTimestamp !== undefined) return 'removing';
  return statusOf(pod, name)?.state?.running ? 'running' : 'created';
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const all = (status?.containerStatuses ?? []) as readonly ContainerStatus[];
  return all.find((one) => one.name === name) ?? all[0];
}

/** The volumes that outlive their pod. */
function keptVolumes({ spec }: Pod): Set<string> {
  const passing = ['emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI', 'ephemeral'];
  const { volumes = [] } = (spec ?? {}) as WithVolumes;
  const kept = volumes.filter((volume) => !passing.some((kind) => kind in volume));
  return new Set(kept.map(({ name }) => name));
}

/** Tells a container from the one that takes its place in the same pod; `undefined` if it was never started. */
export function containerId(pod: Pod, name: string): string | undefined {
  return statusOf(pod, name)?.containerID;
}

/** How many milliseconds a pod may be there after it should have ended. A node that is gone never says that it has. */
const OVERDUE = 30_000;

/**
 * Why a program that was started in a container runs no more; `undefined` if it may.
 * @param pod as it is now; `undefined` if there is none of that name.
 */
export function whyEnded(
  pod: Pod | undefined,
  was: { pod: string; container: string; uid: string; id: string | undefined },
  now: number,
): string | undefined {
  if (!pod) return `the pod ${was.pod} is gone`;
  const { uid, deletionTimestamp } = pod.metadata;
  if (uid !== was.uid) return `the pod ${was.pod} was replaced meanwhile`;
  const status = statusOf(pod, was.container);
  if (status?.state?.terminated) {
    return `the container of ${was.pod} ended${causeOf(status.state.terminated)}`;
  }
  if (was.id !== undefined && status?.containerID !== was.id) {
    const cause = causeOf(status?.lastState?.terminated);
    return `the container of ${was.pod} was restarted meanwhile${cause}`;
  }
  if (deletionTimestamp !== undefined && now - Date.parse(deletionTimestamp) > OVERDUE) {
    return `the pod ${was.pod} should have ended: its node may be gone`;
  }
  return undefined;
}

function causeOf({ exitCode, reason }: Ended = {}): string {
  const words = [
    ...(reason === undefined || reason === 'Error' ? [] : [reason]),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
  ];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}
