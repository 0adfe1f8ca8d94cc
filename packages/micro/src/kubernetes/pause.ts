import { canaryOf } from './canary';
import { entryOf, type LiveObject } from './live-object';

/** On a Deployment that is stopped for a moment: how many pods it had. Whoever stopped it may have been killed. */
const REPLICAS_ANNOTATION = 'org.micro/replicas-before-restore';

/** A Deployment that is stopped, and how many pods it gets back. */
export interface Paused {
  name: string;
  /** The service that it is of; that of a canary is its own. */
  service: string;
  replicas: number;
  /** How many seconds its pods may take to end. */
  grace: number;
}

interface Deployment extends LiveObject {
  spec?: {
    replicas?: number;
    template?: { spec?: { terminationGracePeriodSeconds?: number } };
  };
}

/** What has to be stopped so that nothing of these services runs, canaries too. */
export function deploymentsToPause(
  objects: readonly LiveObject[],
  services: readonly string[],
): Paused[] {
  return objects
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap((object): Paused[] => {
      const { metadata, spec } = object as Deployment;
      const service = canaryOf(object) ?? entryOf(object);
      if (service === undefined || !services.includes(service)) return [];
      const replicas = replicasOf(object);
      if (replicas === 0) return [];
      const grace = spec?.template?.spec?.terminationGracePeriodSeconds ?? 30;
      return [{ name: metadata.name, service, replicas, grace }];
    });
}

/** How many pods it has, or had before it was stopped by a run that never came to starting it again. */
function replicasOf(object: LiveObject): number {
  return pausedReplicas(object) ?? (object as Deployment).spec?.replicas ?? 1;
}

/** How many pods a Deployment had before it was stopped for a moment; `undefined` if it is not stopped. */
export function pausedReplicas(object: LiveObject): number | undefined {
  const { metadata, spec } = object as Deployment;
  const noted = Number(metadata.annotations?.[REPLICAS_ANNOTATION]);
  return spec?.replicas === 0 && Number.isInteger(noted) && noted > 0 ? noted : undefined;
}

export function rememberArguments({ name, replicas }: Paused): string[] {
  return [
    'annotate',
    `deployment.apps/${name}`,
    `${REPLICAS_ANNOTATION}=${replicas}`,
    '--overwrite',
  ];
}

export function forgetArguments({ name }: Paused): string[] {
  return ['annotate', `deployment.apps/${name}`, `${REPLICAS_ANNOTATION}-`];
}

/** With no pods, an autoscaler pauses, too; it goes on once there are some. */
export function stopArguments({ name }: Paused): string[] {
  return ['scale', `deployment.apps/${name}`, '--replicas=0'];
}

/** Starts it again unless somebody else has. */
export function startArguments({ name, replicas }: Paused): string[] {
  return ['scale', `deployment.apps/${name}`, `--replicas=${replicas}`, '--current-replicas=0'];
}

/** Whether the cluster says that a Deployment was not at the number of pods that was named. */
export function saysOtherReplicas(complaint: string): boolean {
  return /Expected replicas to be/i.test(complaint);
}
