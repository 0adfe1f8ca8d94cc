import type { Publication } from './publication';

/** A part of Caddy's JSON configuration (https://caddyserver.com/docs/json). */
export type Json = Record<string, unknown>;

/** How long a request waits for a container that takes it: a roll that has to stop first takes seconds. */
const WAIT = '10s';
/** How often the engine is asked for the addresses of a service. */
const REFRESH = '1s';
/** A container that is gone may not refuse: its address answers nothing. */
const DIAL_TIMEOUT = '1s';
/** How long what was upgraded lives on after a reload; without it Caddy ends it at once. */
const STREAMS_OUTLIVE_RELOAD = '24h';
/** How long a port is left alone at which a container did not take a connection: longer than both ports are tried. */
const WRONG_PORT = '60s';
/** Requests of which a connection that broke off loses none: sent again on a new one by Go's own client (net/http, Transport). */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** No method at all: what may have arrived is not sent again. Caddy's own way repeats a GET that ends a process for as long as it waits. */
const NEVER = [{ method: [] }];

/**
 * Routes that hand requests to the healthy containers of a service, found by its name. A request that reached no
 * container is handed to another one, whatever it is. Those that change something get a connection of their own: on
 * one that was kept open, a container that stops could lose them.
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
  const dynamic_upstreams = upstreamsOf(service, ports);
  if (ports.length === 1) return { dynamic_upstreams };
  // A reload ends what waits to be tried again, so few may dial a port at which nobody listens.
  const passive = { max_fails: 1, fail_duration: WRONG_PORT };
  return { dynamic_upstreams, health_checks: { passive } };
}

function reverseProxy({ service, port, ports = [port] }: Publication, keepAlive: Json): Json {
  return {
    handler: 'reverse_proxy',
    ...reachedAt(service, ports),
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
