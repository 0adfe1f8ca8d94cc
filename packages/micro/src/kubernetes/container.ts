import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { ComposeEntry } from '../deployment/entry';
import { parseDuration } from '../deployment/stop-time';
import type { Manifest } from '../platform/manifest';

type PodTemplate = NonNullable<IDeployment['spec']>['template'];
export type PodSpec = NonNullable<PodTemplate['spec']>;
export type Container = PodSpec['containers'][number];
export type Volume = NonNullable<PodSpec['volumes']>[number];
export type Variable = NonNullable<Container['env']>[number];
type Probe = NonNullable<Container['readinessProbe']>;

/** What the restricted level of Pod Security asks of every container. */
export function containerSecurity({
  read_only: isReadOnly,
}: ComposeEntry): NonNullable<Container['securityContext']> {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    ...(isReadOnly === true ? { readOnlyRootFilesystem: true } : {}),
  };
}

/** What it asks of every pod; the name of a user, as in `USER node`, is refused. */
export function podSecurity(user: number): NonNullable<PodSpec['securityContext']> {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** The same for every pod of ours: it speaks to no API server, and finds others by DNS alone. */
export const POD_DEFAULTS = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
} as const;

/** `command` of an entry: Compose and Kubernetes both read `$$` in it as a dollar. */
export function argumentsOf({
  entrypoint,
  command,
}: ComposeEntry): Pick<Container, 'command' | 'args'> {
  return {
    ...(isList(entrypoint) ? { command: entrypoint } : {}),
    ...(isList(command) ? { args: command } : {}),
  };
}

/** `/tmp` and the like, which an entry has in memory. */
export function temporaryFolders({ tmpfs }: ComposeEntry): {
  volumes: Volume[];
  mounts: NonNullable<Container['volumeMounts']>;
} {
  const paths = isList(tmpfs) ? tmpfs.map((path) => path.split(':')[0]!) : [];
  const named = paths.map((path, index) => ({ path, name: `temporary-${index}` }));
  return {
    volumes: named.map(({ name }) => ({ name, emptyDir: {} })),
    mounts: named.map(({ name, path }) => ({ name, mountPath: path })),
  };
}

/** Compose's own default. That of Kubernetes is 1 s, which a program on a busy node takes to start. */
const COMPOSE_TIMEOUT_SECONDS = 30;

/** A health check of Compose as a probe; `undefined` if the entry has none. No probe fills anything in. */
export function execProbe({ healthcheck }: ComposeEntry): Probe | undefined {
  const { test, interval, timeout, retries } = (healthcheck ?? {}) as Healthcheck;
  if (!isList(test) || test[0] === 'NONE') return undefined;
  const words = test.slice(1).map((word) => word.replaceAll('$$', '$'));
  const command = test[0] === 'CMD-SHELL' ? ['sh', '-c', ...words] : words;
  const periodSeconds = wholeSeconds(interval);
  const timeoutSeconds = wholeSeconds(timeout) ?? COMPOSE_TIMEOUT_SECONDS;
  return {
    exec: { command },
    ...(periodSeconds === undefined ? {} : { periodSeconds }),
    timeoutSeconds,
    ...(retries === undefined ? {} : { failureThreshold: retries }),
  };
}

interface Healthcheck {
  test?: unknown;
  interval?: string;
  timeout?: string;
  retries?: number;
}

/** Limits, and what a node must have free; the limits unless said otherwise. */
export function resourcesOf(
  limits: Manifest['resources'],
  requests: Manifest['resources'] = limits,
): Pick<Container, 'resources'> {
  const [most, least] = [limits, requests].map(quantitiesOf);
  return Object.keys({ ...most, ...least }).length === 0
    ? {}
    : { resources: { limits: most!, requests: { ...most, ...least } } };
}

/** Compose's M is 1024 x 1024 bytes, which Kubernetes calls Mi. */
function quantitiesOf({ cpus, memory }: Manifest['resources']): Record<string, string> {
  return {
    ...(cpus === undefined ? {} : { cpu: `${Math.round(cpus * 1000)}m` }),
    ...(memory === undefined ? {} : { memory: `${memory}i` }),
  };
}

/** `1m30s` -> 90; `undefined` of what is no duration. */
export function wholeSeconds(duration: unknown): number | undefined {
  const milliseconds = parseDuration(duration);
  return milliseconds === undefined ? undefined : Math.ceil(milliseconds / 1000);
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value);
}
