import {
  BROKER_NAME,
  DATASTORE_PURPOSES,
  datastoreName,
  type Broker,
  type CacheEngine,
  type DatabaseEngine,
  type DatastorePurpose,
} from '../platform/datastore';
import type { Platform, Service } from '../platform/platform';

/** What runs in a platform and who talks to whom: what every picture of it is drawn from. */
export interface Topology {
  platform: string;
  services: readonly ServiceNode[];
  links: readonly LinkEdge[];
  events: readonly EventNode[];
  broker?: BrokerNode;
}

export interface ServiceNode {
  name: string;
  kind: Service['kind'];
  /** Project root relative to the workspace root. */
  root: string;
  port: number;
  replicas: number;
  expose: Service['expose'];
  /** Paths under which a gateway serves it. */
  routes: readonly string[];
  datastores: readonly DatastoreNode[];
  consumes: readonly string[];
  consumedBy: readonly string[];
  publishes: readonly string[];
  subscribes: readonly string[];
  /** Whether it is connected to the broker. */
  broker: boolean;
}

export interface DatastoreNode {
  /** Its host name: `orders-database`. */
  name: string;
  purpose: DatastorePurpose;
  engine: DatabaseEngine | CacheEngine;
}

/** A consumer calls a provider; through a gateway also under public paths. */
export interface LinkEdge {
  consumer: string;
  provider: string;
  /** What the consumer, a gateway, serves of the provider to the outside. */
  routes: readonly string[];
}

export interface EventNode {
  name: string;
  publishers: readonly string[];
  subscribers: readonly string[];
}

export interface BrokerNode {
  name: string;
  engine: Broker;
  users: readonly string[];
}

/** Reads who is linked with whom out of the manifests; everything is sorted by name. */
export function topologyOf({ name, services }: Platform): Topology {
  const nodes = services.map((service) => serviceNode(service, services));
  const engine = services.find(({ broker }) => broker)?.broker;
  return {
    platform: name,
    services: nodes,
    links: nodes.flatMap((consumer) =>
      consumer.consumes.map((provider) => linkEdge(consumer, provider, nodes)),
    ),
    events: eventNodes(nodes),
    ...(engine === undefined
      ? {}
      : {
          broker: {
            name: BROKER_NAME,
            engine,
            users: nodes.filter(({ broker }) => broker).map((node) => node.name),
          },
        }),
  };
}

function serviceNode(service: Service, services: readonly Service[]): ServiceNode {
  const { name, kind, root, port, replicas, expose } = service;
  return {
    name,
    kind,
    root,
    port,
    replicas,
    expose,
    routes: routesOf(service),
    datastores: DATASTORE_PURPOSES.flatMap((purpose) => {
      const engine = service.datastores[purpose];
      return engine ? [{ name: datastoreName(name, purpose), purpose, engine }] : [];
    }),
    consumes: sorted(service.consumes),
    consumedBy: services.filter(({ consumes }) => consumes.includes(name)).map((one) => one.name),
    publishes: sorted(service.publishes),
    subscribes: sorted(service.subscribes),
    broker: service.broker !== undefined,
  };
}

function linkEdge(consumer: ServiceNode, name: string, nodes: readonly ServiceNode[]): LinkEdge {
  const provider = nodes.find((node) => node.name === name);
  const isServed = consumer.kind === 'gateway' && provider?.expose === 'public';
  return { consumer: consumer.name, provider: name, routes: isServed ? provider.routes : [] };
}

function eventNodes(nodes: readonly ServiceNode[]): EventNode[] {
  const names = nodes.flatMap(({ publishes, subscribes }) => [...publishes, ...subscribes]);
  return sorted(new Set(names)).map((name) => ({
    name,
    publishers: nodes.filter(({ publishes }) => publishes.includes(name)).map((node) => node.name),
    subscribers: nodes
      .filter(({ subscribes }) => subscribes.includes(name))
      .map((node) => node.name),
  }));
}

/** A route is a path, or an object with one. */
function routesOf({ routes }: Service): string[] {
  return (routes as readonly (string | { path: string })[]).map((route) =>
    typeof route === 'string' ? route : route.path,
  );
}

function sorted(names: Iterable<string>): string[] {
  return [...names].sort();
}
