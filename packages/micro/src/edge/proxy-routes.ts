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

function reverseProxy({ service, port }: Publication, keepAlive: Json): Json {
  return {
    handler: 'reverse_proxy',
    dynamic_upstreams: {
      source: 'a',
      name: service,
      port: String(port),
      refresh: REFRESH,
      dial_timeout: DIAL_TIMEOUT,
    },
    load_balancing: {
      selection_policy: { policy: 'random' },
      try_duration: WAIT,
      try_interval: '100ms',
      retry_match: NEVER,
    },
    transport: {
      protocol: 'http',
      compression: false,
      dial_timeout: DIAL_TIMEOUT,
      keep_alive: keepAlive,
    },
    stream_close_delay: STREAMS_OUTLIVE_RELOAD,
  };
}
