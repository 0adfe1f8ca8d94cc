import type { Publication } from './publication';

/** A part of Caddy's JSON configuration (https://caddyserver.com/docs/json). */
export type Json = Record<string, unknown>;

/** How long a request waits for a healthy container. If the old container has to stop first, a deploy takes seconds. */
const WAIT = '10s';
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

/**
 * Routes that send requests to the healthy containers of a service, which the edge finds by the service's name. A
 * request of any method that reached no container is sent to another one. POST, PUT, PATCH and DELETE each get a new
 * connection: on one that is kept open, a stopping container could lose them.
 */
export function proxyRoutes(publication: Publication): Json[] {
  return [
    {
      match: [{ method: SAFE_METHODS }],
      handle: [reverseProxy(publication, { enabled: true, idle_timeout: '1s' })],
      terminal: true,
    },
    { handle: [reverseProxy(publication, { enabled: false })], terminal: true },
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
export function reachedAt(service: string, ports: readonly number[]): Json {
  const isOne = ports.length === 1;
  // As few requests as possible may try a port on which nothing listens, since each waits for another try.
  const passive = { max_fails: 1, fail_duration: WRONG_PORT };
  return {
    dynamic_upstreams: upstreamsOf(service, ports),
    ...(isOne ? {} : { health_checks: { passive } }),
    load_balancing: {
      selection_policy: { policy: 'random' },
      try_duration: WAIT,
      try_interval: isOne ? PAUSE : PAUSE_OF_SEVERAL,
      retry_match: NEVER,
    },
  };
}

function reverseProxy({ service, port, ports = [port] }: Publication, keepAlive: Json): Json {
  return {
    handler: 'reverse_proxy',
    ...reachedAt(service, ports),
    transport: {
      protocol: 'http',
      compression: false,
      dial_timeout: DIAL_TIMEOUT,
      keep_alive: keepAlive,
    },
    stream_close_delay: STREAMS_OUTLIVE_RELOAD,
  };
}
