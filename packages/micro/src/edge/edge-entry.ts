import type { ComposeEntry } from '../deployment/entry';
import { EDGE_SERVICE, type EdgeOptions } from '../platform/edge-options';
import { CONFIG_FOLDER } from './caddy-config';
import { type EdgeListener, HEALTH_PORT } from './listener';

/** The volume of certificates and ACME accounts; Compose puts the project's name before it. */
const DATA_VOLUME = 'micro-edge-data';

/** The file that the edge starts with. */
export const CONFIG_FILE = 'caddy.json';

/** An id that no user has: the edge needs no root rights. */
export const EDGE_USER = 65_532;

/**
 * The official image sets this capability on its program, which does not start without it. Nothing in the container
 * listens below port 1024.
 */
export const EDGE_CAPABILITIES = ['NET_BIND_SERVICE'];

/** The parts of a rendered project that the edge is made from. */
interface Project {
  networks?: Readonly<Record<string, unknown>>;
}

/**
 * A Compose project of the edge alone.
 *
 * @param networks the keys of the networks in which it finds what it publishes.
 * @param hardening the hardening keys of the platform's own containers.
 */
export function edgeSlice({
  listeners,
  options,
  networks,
  project,
  hardening,
  labels,
}: {
  listeners: readonly EdgeListener[];
  options: EdgeOptions;
  networks: readonly string[];
  project: Project;
  hardening: Readonly<Record<string, unknown>>;
  labels: Readonly<Record<string, string>>;
}) {
  return {
    services: {
      [EDGE_SERVICE]: {
        image: options.image,
        command: ['caddy', 'run', '--config', `${CONFIG_FOLDER}/${CONFIG_FILE}`],
        user: `${EDGE_USER}:${EDGE_USER}`,
        environment: { HOME: '/tmp', XDG_CONFIG_HOME: '/tmp', XDG_DATA_HOME: '/data' },
        restart: 'unless-stopped',
        stop_grace_period: '3s',
        read_only: true,
        tmpfs: ['/tmp'],
        ...hardening,
        ports: listeners.map(({ address, published, target }) => ({
          target,
          published: String(published),
          ...(address === undefined ? {} : { host_ip: address }),
          protocol: 'tcp',
          mode: 'host',
        })),
        networks: Object.fromEntries(networks.map((name) => [name, null])),
        volumes: [
          { type: 'volume', source: DATA_VOLUME, target: '/data' },
          { type: 'volume', target: CONFIG_FOLDER },
        ],
        healthcheck: {
          test: ['CMD', 'wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${HEALTH_PORT}/`],
          interval: '10s',
          timeout: '5s',
          retries: 3,
          start_period: '30s',
          start_interval: '500ms',
        },
        labels,
      },
    },
    networks: Object.fromEntries(networks.map((name) => [name, project.networks?.[name] ?? null])),
    volumes: { [DATA_VOLUME]: {} },
  };
}

/** What runs the edge. */
export interface EngineKind {
  /** The newest version of Docker's API that it has: `1.45`. */
  api: string;
  isPodman: boolean;
}

/** The first API of the engine with `start_interval`, that of Docker 25; Compose refuses it before. */
const START_INTERVAL_API = [1, 44] as const;

/**
 * The project as an engine takes it. Before `start_interval`, the first health check comes after `interval`. Podman does not know
 * the log driver `local`; what it takes for `json-file` has a limit of its size, too. The label of the entry is the same for all.
 */
export function edgeSliceOn<Slice extends { services: Readonly<Record<string, ComposeEntry>> }>(
  slice: Slice,
  { api, isPodman }: EngineKind,
): Slice {
  const entry = slice.services[EDGE_SERVICE];
  if (!entry || (hasStartInterval(api) && !isPodman)) return slice;
  const { start_interval, ...check } = entry['healthcheck'] as ComposeEntry;
  const healthcheck = hasStartInterval(api)
    ? { ...check, start_interval }
    : { ...check, interval: '2s' };
  const logging = isPodman
    ? { ...(entry['logging'] as ComposeEntry), driver: 'json-file' }
    : undefined;
  const changed = { ...entry, healthcheck, ...(logging ? { logging } : {}) };
  return { ...slice, services: { ...slice.services, [EDGE_SERVICE]: changed } };
}

function hasStartInterval(api: string): boolean {
  const [major = 0, minor] = api.split('.').map(Number);
  const [firstMajor, firstMinor] = START_INTERVAL_API;
  // An engine that does not say is a new one.
  return minor === undefined || major > firstMajor || (major === firstMajor && minor >= firstMinor);
}
