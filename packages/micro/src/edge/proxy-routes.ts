import type { CanaryShare } from '../deployment/canary';
import type { CanaryRoute, Publication } from './publication';

/** A part of Caddy's JSON configuration (https://caddyserver.com/docs/json). */
export type Json = Record<string, unknown>;

/** How long a request waits for a healthy container. If the old container has to stop first, a deploy takes seconds. */
const WAIT = '10s';
/** The same for a canary: then the request goes to the version that serves. */
const CANARY_WAIT = '1s';
/** How often the engine is asked for the addresses of a service. */
const REFRESH = '1s';
/** A removed container does not refuse connections: its address does not answer at all. */
const DIAL_TIMEOUT = '1s';
/** How long WebSockets stay open after a reload; by default, Caddy closes them at once. */
const STREAMS_OUTLIVE_RELOAD = '24h';
/**
 * How long a port is left alone at which a container did not take a connection. Not long: a new container may miss one
 * connection, or get the address of one that was just removed, and requests wait for it as long as that.
 */
const WRONG_PORT = '2s';
/** How long a request waits before it tries again. */
const PAUSE = '100ms';
/** The same while several ports are tried: a reload ends requests that wait, so they wait for a moment only. */
const PAUSE_OF_SEVERAL = '10ms';
/** Methods that Go's HTTP client (net/http, Transport) retries by itself on a new connection if the old one breaks. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/**
 * No method at all: a request that may have arrived is not sent again. By default, Caddy would repeat a GET that
 * crashes a process for as long as it waits.
 */
const NEVER = [{ method: [] }];
/** The error that a request ends with if no container took its connection. Nothing of it was sent then. */
const NOT_CONNECTED = [{ expression: '{http.error.message}.startsWith("dial ")' }];
/** The same, or there is no container at all. */
const NOT_REACHED = [
  {
    expression:
      '{http.error.message}.startsWith("dial ") || {http.error.message} == "no upstreams available"',
  },
];
/** Passes an error on as it is; an error that no route handles would be answered with 200. */
const SAME_ERROR: Json = {
  handler: 'error',
  error: '{http.error.message}',
  status_code: '{http.error.status_code}',
};

/**
 * Routes that send requests to the healthy containers of a service, which the edge finds by the service's name. A
 * request of any method that reached no container is sent to another one. POST, PUT, PATCH and DELETE each get a new
 * connection: on one that is kept open, a stopping container could lose them.
 */
export function proxyRoutes({ service, port, ports = [port], canary }: Publication): Json[] {
  const routes = routesTo({ service, ports, wait: WAIT });
  return canary ? [canaryRoute(canary, routes), ...routes] : routes;
}

/** Containers that a route leads to. */
interface Target {
  service: string;
  ports: readonly number[];
  /** How long a request waits for one that takes its connection. */
  wait: string;
}

function routesTo(target: Target): Json[] {
  return [
    {
      match: [{ method: SAFE_METHODS }],
      handle: [reverseProxy(target, { enabled: true, idle_timeout: '1s' })],
      terminal: true,
    },
    { handle: [reverseProxy(target, { enabled: false })], terminal: true },
  ];
}

/**
 * Sends its share of the requests to a canary. One that did not reach it goes to the version that serves.
 *
 * @param serving the routes of that version.
 */
function canaryRoute({ service, ports, share }: CanaryRoute, serving: Json[]): Json {
  const routes = routesTo({ service, ports, wait: CANARY_WAIT });
  return {
    match: sharedBy(share),
    handle: [
      {
        handler: 'subroute',
        routes: [{ handle: [{ handler: 'subroute', routes }] }],
        errors: {
          routes: [
            {
              match: NOT_REACHED,
              handle: [{ handler: 'subroute', routes: serving }],
              terminal: true,
            },
            { handle: [SAME_ERROR] },
          ],
        },
      },
    ],
    terminal: true,
  };
}

/**
 * Requests that a canary gets: those with its header, and a part of the others that is drawn by Caddy's random id (UUID,
 * version 4) of each request.
 */
function sharedBy({ weight, header }: CanaryShare): Json[] {
  const below = Math.round((weight / 100) * 2 ** 32);
  const limit = below.toString(16).padStart(8, '0');
  return [
    ...(header ? [{ header: { [header.name]: [header.value] } }] : []),
    ...(weight > 0 ? [{ expression: `{http.request.uuid} < "${limit}"` }] : []),
  ];
}

/** The containers of a service; which of several ports one listens on shows when it is dialled, and nothing is lost by that. */
function upstreamsOf(service: string, ports: readonly number[]): Json {
  const sources = ports.map((port) => ({
    ...{ source: 'a', name: service, port: String(port) },
    ...{ refresh: REFRESH, dial_timeout: DIAL_TIMEOUT },
  }));
  const [only, ...more] = sources;
  return only && more.length === 0 ? only : { source: 'multi', sources };
}

/** How a handler reaches a service at these ports. */
function reachedAt(service: string, ports: readonly number[], wait = WAIT): Json {
  const isOne = ports.length === 1;
  // As few requests as possible may try a port on which nothing listens, since each waits for another try.
  const passive = { max_fails: 1, fail_duration: WRONG_PORT };
  return {
    dynamic_upstreams: upstreamsOf(service, ports),
    ...(isOne ? {} : { health_checks: { passive } }),
    load_balancing: {
      selection_policy: { policy: 'random' },
      try_duration: wait,
      try_interval: isOne ? PAUSE : PAUSE_OF_SEVERAL,
      retry_match: NEVER,
    },
  };
}

/** What of a proxy depends on where it sends requests. */
const OF_PORTS = new Set(Object.keys(reachedAt('', [0, 1])));

/**
 * A proxy that sends requests to a service at these ports.
 *
 * @param proxy its settings. Where it sends requests until now, is replaced.
 * @param wait how long a request waits for a container.
 */
export function atPorts(
  proxy: Json,
  service: string,
  ports: readonly number[],
  wait?: string,
): Json {
  const { handler, ...settings } = proxy;
  const kept = Object.entries(settings).filter(([key]) => !OF_PORTS.has(key));
  const reached = reachedAt(service, ports, wait);
  const moved = { handler, ...reached, ...Object.fromEntries(kept) };
  return ports.length === 1 ? moved : triedOnceMore(moved);
}

/**
 * A reload ends the waiting of requests that met a port on which nothing listens. By then, that port is known, so one
 * more try at once meets the other one.
 */
function triedOnceMore(proxy: Json): Json {
  return {
    handler: 'subroute',
    routes: [{ handle: [proxy] }],
    errors: {
      routes: [{ match: NOT_CONNECTED, handle: [proxy], terminal: true }, { handle: [SAME_ERROR] }],
    },
  };
}

/** The proxy that a handler is or, for several ports, that it tries twice. */
export function proxyIn(handler: Json): Json | undefined {
  if (handler['handler'] === 'reverse_proxy') return handler;
  // A server has routes and errors, too.
  if (handler['handler'] !== 'subroute' || handler['errors'] === undefined) return undefined;
  const { routes } = handler as { routes?: { handle?: Json[] }[] };
  const [only] = routes?.[0]?.handle ?? [];
  return only?.['handler'] === 'reverse_proxy' ? only : undefined;
}

function reverseProxy({ service, ports, wait }: Target, keepAlive: Json): Json {
  const proxy = {
    handler: 'reverse_proxy',
    transport: {
      protocol: 'http',
      compression: false,
      dial_timeout: DIAL_TIMEOUT,
      keep_alive: keepAlive,
    },
    stream_close_delay: STREAMS_OUTLIVE_RELOAD,
  };
  return atPorts(proxy, service, ports, wait);
}
