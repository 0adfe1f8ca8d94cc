import { jobsOf, type ComposeConfig, type ComposeEntry } from '../deployment/entry';
import { BROKER_NAME, isBrokerServer } from '../platform/datastore';
import { elsewhere } from '../platform/environment';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import type { Platform, Service } from '../platform/platform';
import { productOf } from '../platform/server-image';
import { containerSecurity, type Container, type PodSpec, type Variable } from './container';
import { datastoreObjects, foldersOf } from './datastore-objects';
import type { JobExtras } from './job-object';
import type { KubernetesObject, Scope } from './object';
import { policyOf } from './policies';
import { settingsOf, type SecretKeys } from './variables';

/** At which Erlang's nodes find each other, and then talk: 20000 above the port for clients. */
const ERLANG_PORTS = [4369, 25672];

/** Whether a service uses a broker that runs in the cluster. */
export function usesBroker(
  { broker }: Pick<KubernetesEnvironment, 'broker'>,
  service: Pick<Service, 'broker'>,
): boolean {
  return broker === 'in-cluster' && isBrokerServer(service.broker);
}

/** Jobs that work at the broker, such as those that make accounts. */
export function isBrokerJob(entry: ComposeEntry): boolean {
  const needs = entry['depends_on'] as object | undefined;
  return needs !== undefined && BROKER_NAME in needs;
}

interface BrokerInput {
  platform: Platform;
  environment: KubernetesEnvironment;
  /** The compose files with nothing filled in. */
  written: ComposeConfig;
  /** The port that services reach the broker at. */
  port: number;
}

/** The objects of the broker, and what its Secret has to hold. All services that use it are let in, rendered or not. */
export function renderBroker(
  { platform, environment, written, port }: BrokerInput,
  scope: Scope,
): { objects: KubernetesObject[]; secret: SecretKeys } {
  const entry = written.services[BROKER_NAME]!;
  const settings = settingsOf(BROKER_NAME, entry);
  const users = brokerUsers(platform, environment);
  const jobs = users.flatMap((name) =>
    jobsOf(written.services[name] ?? {}).filter((job) => isBrokerJob(written.services[job] ?? {})),
  );
  const forNode = nodeSettings(entry, settings.env);
  const objects = datastoreObjects(scope, environment, {
    ...{ name: BROKER_NAME, component: 'broker', written: entry, port },
    settings: { ...settings, env: [...settings.env, ...forNode.env] },
    pod: forNode.pod,
  });
  const rules = [
    { callers: users, ports: [port] },
    { callers: jobs, ports: [port, ...(isRabbit(entry) ? ERLANG_PORTS : [])] },
  ];
  return {
    objects: [...objects, policyOf(scope, { name: BROKER_NAME, rules })],
    secret: settings.secret,
  };
}

/** The services of this environment that use the broker. */
function brokerUsers({ services }: Platform, environment: KubernetesEnvironment): string[] {
  return services
    .filter((service) => usesBroker(environment, service))
    .filter(({ name }) => elsewhere(environment, name) === undefined)
    .map(({ name }) => name);
}

/**
 * What makes a pod of a StatefulSet the node that its entry describes: it finds itself under the host name of the entry,
 * also before it is ready. What RabbitMQ stores is filed under that name.
 */
function nodeSettings(
  entry: ComposeEntry,
  env: readonly Variable[],
): { env: Variable[]; pod: Pick<PodSpec, 'hostAliases' | 'initContainers'> } {
  const { hostname } = entry;
  const host = typeof hostname === 'string' ? hostname : BROKER_NAME;
  const hostAliases = [{ ip: '127.0.0.1', hostnames: [host] }];
  if (!isRabbit(entry)) return { env: [], pod: { hostAliases } };
  const isNamed = env.some(({ name }) => name === 'RABBITMQ_NODENAME');
  const [folder] = foldersOf(entry);
  const cookie = folder ? cookieContainer(entry, String(entry['image']), folder) : [];
  return {
    env: isNamed ? [] : [{ name: 'RABBITMQ_NODENAME', value: `rabbit@${host}` }],
    pod: { hostAliases, ...(cookie.length > 0 ? { initContainers: cookie } : {}) },
  };
}

/**
 * What a job needs that reads the volume of the broker with Compose: the Erlang cookie, by which RabbitMQ lets it in. A
 * volume is on one node, and the job may run on another one, so that it makes the same cookie from the same password.
 */
export function brokerJobExtras(
  { services }: ComposeConfig,
  job: ComposeEntry,
  image: string,
): JobExtras | undefined {
  const broker = services[BROKER_NAME];
  const from = (job['volumes_from'] ?? []) as readonly string[];
  if (!broker || !from.some((one) => one.split(':')[0] === BROKER_NAME)) return undefined;
  const folders = foldersOf(broker);
  return {
    initContainers: isRabbit(broker) ? cookieContainer(broker, image, folders[0]!) : [],
    volumes: folders.map(({ name }) => ({ name, emptyDir: {} })),
    mounts: folders.map(({ name, path }) => ({ name, mountPath: path })),
  };
}

const PASSWORD = 'RABBITMQ_DEFAULT_PASS';

/** Erlang reads the cookie from a file that is its user's alone. It takes no spaces and no letters beyond ASCII. */
const WRITE_COOKIE = `umask 077
printf %s "$PASSWORD" | sha256sum | cut -c 1-64 > "$FOLDER/new-cookie"
chmod 400 "$FOLDER/new-cookie"
mv -f "$FOLDER/new-cookie" "$FOLDER/.erlang.cookie"`;

/** Writes the cookie before the other containers of a pod start; none if the broker has no password. */
function cookieContainer(
  broker: ComposeEntry,
  image: string,
  { name, path }: { name: string; path: string },
): Container[] {
  const password = settingsOf(BROKER_NAME, broker).env.find((one) => one.name === PASSWORD);
  if (!password) return [];
  return [
    {
      name: 'erlang-cookie',
      image,
      command: ['sh', '-ec', WRITE_COOKIE],
      env: [
        { ...password, name: 'PASSWORD' },
        { name: 'FOLDER', value: path },
      ],
      securityContext: containerSecurity({ read_only: true }),
      volumeMounts: [{ name, mountPath: path }],
    },
  ];
}

function isRabbit({ image }: ComposeEntry): boolean {
  return productOf(String(image)) === 'rabbitmq';
}
