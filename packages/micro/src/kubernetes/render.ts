import { jobsOf, runsImageOf, type ComposeConfig, type ComposeEntry } from '../deployment/entry';
import { grpcLinks } from '../deployment/grpc-links';
import { withStopTime } from '../deployment/stop-time';
import { BROKER_NAME, DATASTORE_PURPOSES, datastoreName } from '../platform/datastore';
import { elsewhere } from '../platform/environment';
import { PUBLIC_URL } from '../platform/environment-keys';
import { namespaceOf, type KubernetesEnvironment } from '../platform/kubernetes-environment';
import { linkVariable } from '../platform/link';
import type { Platform, Service } from '../platform/platform';
import { portsOf } from '../platform/port';
import { POD_NETWORKS, TRUST_PROXY } from '../platform/trusted-proxies';
import { brokerJobExtras, isBrokerJob, renderBroker, usesBroker } from './broker-entry';
import { datastoreObjects } from './datastore-objects';
import { jobObject } from './job-object';
import type { KubernetesObject, Scope } from './object';
import { renderParts, type ObservabilityFolder } from './observability-entries';
import { nothingElse, policyOf, type Reach } from './policies';
import { publishedObjects } from './published';
import { isMeasured, reportingVariables, scrapeAnnotations } from './reporting';
import { serviceObjects } from './service-objects';
import { settingsOf, type SecretKeys } from './variables';

/** Which image a service runs. */
export interface RenderedImage {
  /** The image key of its content. */
  key: string;
  /** By digest. */
  image: string;
}

export interface RenderInput {
  platform: Platform;
  environment: KubernetesEnvironment;
  /** The compose files with nothing filled in, as `docker compose config --no-interpolate` prints them. */
  written: ComposeConfig;
  /** Of each service that is rendered. */
  images: ReadonlyMap<string, RenderedImage>;
  /** The port of each datastore and of the broker, by its name. */
  ports: ReadonlyMap<string, number>;
  /** What observes the platform; absent if the environment runs nothing of it. */
  observability?: ObservabilityFolder;
}

/** What one entry of the compose files is on a cluster. */
export interface RenderedEntry {
  /** Its name in the compose files. */
  name: string;
  kind: 'service' | 'datastore' | 'broker' | 'job' | 'observability';
  /** The service that it is of: itself, or its owner. The broker and what observes have none, and here their own name. */
  service: string;
  objects: readonly KubernetesObject[];
  /** Of a service: whether it needs the broker of the cluster. */
  usesBroker?: boolean;
  /** What its Secret has to hold; both empty if it needs none. */
  secret: SecretKeys;
}

export interface RenderedPlatform {
  scope: Scope;
  /** What belongs to no single entry. */
  shared: readonly KubernetesObject[];
  /** In the order in which they start: datastores and the broker, then jobs and deployment of each service; last, what observes them. */
  entries: readonly RenderedEntry[];
}

/** The objects of every service that has an image, and of what it owns. */
export function renderPlatform(input: RenderInput): RenderedPlatform {
  const { platform, environment } = input;
  const namespace = namespaceOf(platform.name, environment);
  const scope: Scope = { platform: platform.name, environment: environment.name, namespace };
  const services = platform.services.filter(
    ({ name }) => input.images.has(name) && elsewhere(environment, name) === undefined,
  );
  const inCluster = environment.datastores === 'in-cluster';
  const callers = callersOf(input);
  return {
    scope,
    shared: [nothingElse(scope)],
    entries: [
      ...(inCluster ? services.flatMap((service) => renderDatastores(input, scope, service)) : []),
      ...renderSharedBroker(input, scope, services),
      ...services.flatMap((service) => [
        ...renderJobs(input, scope, service),
        renderService(input, scope, service, callers.get(service.name) ?? []),
      ]),
      ...renderObservability(input, scope),
    ],
  };
}

function renderObservability(input: RenderInput, scope: Scope): RenderedEntry[] {
  const { observability } = input;
  if (!observability) return [];
  return renderParts({ ...input, observability }, scope).map((part) => ({
    ...part,
    kind: 'observability' as const,
    service: part.name,
  }));
}

function renderDatastores(input: RenderInput, scope: Scope, service: Service): RenderedEntry[] {
  const { environment, written, ports } = input;
  return DATASTORE_PURPOSES.flatMap((purpose) => {
    const name = datastoreName(service.name, purpose);
    const entry = written.services[name];
    if (!service.datastores[purpose] || !entry) return [];
    const settings = settingsOf(name, entry);
    const port = ports.get(name)!;
    // Its owner, with the jobs that make its accounts and its tables.
    const callers = [service.name, ...jobsOf(written.services[service.name] ?? {})];
    const reach: Reach = { name, rules: [{ callers, ports: [port] }] };
    return [
      {
        name,
        kind: 'datastore' as const,
        service: service.name,
        objects: [
          ...datastoreObjects(scope, environment, {
            ...{ name, component: 'datastore', written: entry, settings, port },
          }),
          policyOf(scope, reach),
        ],
        secret: settings.secret,
      },
    ];
  });
}

/** If one of the rendered services uses it. */
function renderSharedBroker(
  { platform, environment, written, ports }: RenderInput,
  scope: Scope,
  services: readonly Service[],
): RenderedEntry[] {
  const isUsed = services.some((service) => usesBroker(environment, service));
  if (!isUsed || !written.services[BROKER_NAME]) return [];
  const port = ports.get(BROKER_NAME)!;
  const rendered = renderBroker({ platform, environment, written, port }, scope);
  return [{ name: BROKER_NAME, kind: 'broker', service: BROKER_NAME, ...rendered }];
}

function renderJobs(input: RenderInput, scope: Scope, service: Service): RenderedEntry[] {
  const { environment, written, images } = input;
  const own = written.services[service.name] ?? {};
  return jobsOf(own).flatMap((name) => {
    const entry = written.services[name];
    if (!entry || isLeftOut(environment, entry)) return [];
    const isOwnImage = runsImageOf(entry, own);
    const image = isOwnImage ? images.get(service.name)!.image : String(entry['image']);
    const settings = isOwnImage
      ? settingsOf(name, entry, variablesOf(environment, service), secretsOf(environment, service))
      : settingsOf(name, entry);
    const more = isOwnImage ? undefined : brokerJobExtras(written, entry, image);
    const job = jobObject(scope, environment, {
      ...{ name, written: entry, settings, image },
      ...(more ? { more } : {}),
    });
    const { secret } = settings;
    return [{ name, kind: 'job' as const, service: service.name, objects: [job], secret }];
  });
}

/** Whoever runs a datastore or broker elsewhere makes the accounts there; our own image still migrates. */
function isLeftOut({ datastores, broker }: KubernetesEnvironment, entry: ComposeEntry): boolean {
  if (entry['build'] !== undefined) return false;
  return (isBrokerJob(entry) ? broker : datastores) === 'external';
}

function renderService(
  input: RenderInput,
  scope: Scope,
  service: Service,
  callers: readonly string[],
): RenderedEntry {
  const { environment, written, images } = input;
  const { name, port } = service;
  const entry = withStopTime(written.services[name] ?? {});
  const { image, key } = images.get(name)!;
  const settings = settingsOf(
    name,
    entry,
    {
      ...trustOf(environment, service, entry),
      ...reportingVariables(environment, input.observability?.parts ?? [], entry),
      // On a cluster, gRPC has a name of its own, which is that of every ready pod.
      ...grpcLinks(input.platform, service),
      ...variablesOf(environment, service),
    },
    secretsOf(environment, service),
  );
  const isPublished = environment.services[name]?.host !== undefined;
  const isScraped = environment.observability === 'in-cluster' && isMeasured(settings.env);
  const reach: Reach = {
    name,
    rules: [
      { callers, ports: portsOf(service) },
      ...(isScraped ? [{ callers: ['prometheus'], ports: [port] }] : []),
    ],
    ...(isPublished ? { publicPort: port } : {}),
  };
  return {
    name,
    kind: 'service',
    service: name,
    usesBroker: usesBroker(environment, service),
    objects: [
      ...serviceObjects(scope, environment, {
        ...{ service, written: entry, settings, image, key },
        annotations: isScraped ? scrapeAnnotations(port) : {},
      }),
      ...publishedObjects(scope, environment, service),
      policyOf(scope, reach),
    ],
    secret: settings.secret,
  };
}

/**
 * The services that call each service: by a link, or by a variable that holds a URL of it, such as that of the keys
 * which tokens are signed with. One pass over all variables, since a platform may have a thousand services.
 */
function callersOf({ platform, written }: RenderInput): Map<string, string[]> {
  const byHost = new Map(platform.services.map(({ name, port }) => [`${name}:${port}`, name]));
  const callers = new Map<string, string[]>();
  for (const { name, consumes } of platform.services) {
    const named = hostsOf(written.services[name]).flatMap((host) => byHost.get(host) ?? []);
    for (const provider of new Set([...consumes, ...named])) {
      if (provider === name) continue;
      const known = callers.get(provider);
      if (known) known.push(name);
      else callers.set(provider, [name]);
    }
  }
  return callers;
}

/** `orders:3001`, of each variable that holds a URL. */
function hostsOf(entry: ComposeEntry | undefined): string[] {
  const variables = Object.values((entry?.['environment'] ?? {}) as Record<string, unknown>);
  return variables.flatMap((value) => {
    const text = String(value);
    return URL.canParse(text) ? [new URL(text).host] : [];
  });
}

/** What an environment tells a service beside its entry. */
function variablesOf(environment: KubernetesEnvironment, service: Service): Record<string, string> {
  const here = environment.services[service.name];
  const scheme = here?.tlsSecret !== undefined ? 'https' : 'http';
  const url = here?.url ?? (here?.host && `${scheme}://${here.host[0]}`);
  const links = service.consumes.flatMap((name) => {
    const address = elsewhere(environment, name);
    return address === undefined ? [] : [[linkVariable(name), address] as const];
  });
  return {
    ...Object.fromEntries(links),
    ...(url === undefined ? {} : { [PUBLIC_URL]: url }),
    ...here?.environment,
  };
}

/** Behind an ingress or a gateway, which is somewhere in the cluster, unless the entry says what else to believe. */
function trustOf(
  { services }: KubernetesEnvironment,
  { name }: Service,
  entry: ComposeEntry,
): Record<string, string> {
  const variables = entry['environment'] as object | undefined;
  const isSet = variables !== undefined && TRUST_PROXY in variables;
  return services[name]?.host === undefined || isSet
    ? {}
    : { [TRUST_PROXY]: POD_NETWORKS.join(',') };
}

function secretsOf({ services }: KubernetesEnvironment, { name }: Service): string[] {
  return Object.keys(services[name]?.secrets ?? {}).sort();
}
