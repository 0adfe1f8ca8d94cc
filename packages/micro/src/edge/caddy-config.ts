import type { EdgeOptions } from '../platform/edge-options';
import type { HostPublish } from '../platform/publish';
import type { KeyPair } from './key-pair';
import { type EdgeListener, HEALTH_PORT } from './listener';
import { type Json, proxyRoutes } from './proxy-routes';
import type { Publication } from './publication';

/** The socket on which the edge takes a new configuration. It can be reached only from inside the container. */
export const ADMIN_SOCKET = 'unix//tmp/edge-admin.sock';

/** The folder of the edge's configuration, in a volume that belongs to the container. */
export const CONFIG_FOLDER = '/etc/edge';

/** The root certificate of a private ACME authority. */
export const ACME_ROOT_FILE = 'acme-root.pem';

/** Certificates, keys of ACME accounts and of the internal CA, in a volume that outlives containers. */
export const STORAGE_FOLDER = '/data/caddy';

export interface EdgeSettings {
  listeners: readonly EdgeListener[];
  options: EdgeOptions;
  /** By service, for services with their own certificate. */
  keyPairs: ReadonlyMap<string, KeyPair>;
}

/** The whole configuration of the edge, as Caddy reads it. Holds private keys. */
export function caddyConfig({ listeners, options, keyPairs }: EdgeSettings): Json {
  const servers = listeners.map((listener) => [
    `${listener.protocol}-${listener.target}`,
    serverOf(listener, options),
  ]);
  return {
    admin: { listen: ADMIN_SOCKET, config: { persist: false } },
    logging: loggingOf(options),
    storage: { module: 'file_system', root: STORAGE_FOLDER },
    apps: {
      http: { servers: { health: HEALTH_SERVER, ...(Object.fromEntries(servers) as Json) } },
      ...tlsApps(listeners, options, keyPairs),
    },
  };
}

const HEALTH_SERVER: Json = {
  listen: [`127.0.0.1:${HEALTH_PORT}`],
  protocols: ['h1'],
  automatic_https: { disable: true },
  routes: [{ handle: [{ handler: 'static_response', status_code: 200 }] }],
};

const ACCESS = 'http.log.access';

/** Leaves queries and headers out of the log, because both contain secrets. */
function loggingOf({ accessLog }: EdgeOptions): Json {
  const encoder = {
    format: 'filter',
    wrap: { format: 'json' },
    fields: {
      'request>headers': { filter: 'delete' },
      'request>tls': { filter: 'delete' },
      'request>uri': { filter: 'regexp', regexp: '\\?.*', value: '' },
      resp_headers: { filter: 'delete' },
    },
  };
  return {
    logs: {
      default: { writer: { output: 'stderr' }, encoder, exclude: [ACCESS] },
      ...(accessLog === 'json'
        ? { access: { writer: { output: 'stdout' }, encoder, include: [ACCESS] } }
        : {}),
    },
  };
}

function serverOf(listener: EdgeListener, options: EdgeOptions): Json {
  const { target, protocol, publications } = listener;
  const isTls = protocol === 'https';
  return {
    listen: [`:${target}`],
    protocols: isTls ? ['h1', 'h2'] : ['h1'],
    automatic_https: { disable: true },
    read_header_timeout: `${options.headerTimeout}s`,
    idle_timeout: `${options.idleTimeout}s`,
    max_header_bytes: options.headerBytes,
    ...(options.trustedProxies.length > 0
      ? {
          trusted_proxies: { source: 'static', ranges: options.trustedProxies },
          trusted_proxies_strict: 1,
        }
      : {}),
    ...(isTls ? { tls_connection_policies: [{}] } : {}),
    ...(options.accessLog === 'json' ? { logs: {} } : {}),
    routes: [
      ...publications.flatMap((publication) => routesOf(publication, listener)),
      UNKNOWN_HOST,
    ],
    errors: { routes: [NO_ANSWER] },
  };
}

const UNKNOWN_HOST: Json = {
  handle: [
    {
      handler: 'static_response',
      status_code: 421,
      body: 'nothing is published under this name\n',
    },
  ],
};

const NO_ANSWER: Json = {
  handle: [
    {
      handler: 'static_response',
      status_code: '{http.error.status_code}',
      headers: { 'Retry-After': ['5'] },
      body: 'the service does not answer at the moment\n',
    },
  ],
};

function routesOf(publication: Publication, { protocol }: EdgeListener): Json[] {
  const { publish } = publication;
  if (publish.kind === 'port') return proxyRoutes(publication);
  const match = [{ host: publish.hosts }];
  const handle =
    protocol === 'http' && publish.https !== undefined
      ? [redirect(publish.https)]
      : [{ handler: 'subroute', routes: proxyRoutes(publication) }];
  return [{ match, handle, terminal: true }];
}

/** Redirects with a status that keeps method and body. */
function redirect(port: number): Json {
  const authority = port === 443 ? '{http.request.host}' : `{http.request.host}:${port}`;
  return {
    handler: 'static_response',
    status_code: 308,
    headers: { Location: [`https://${authority}{http.request.uri}`] },
  };
}

interface TlsHost {
  publication: Publication;
  publish: HostPublish;
}

function tlsApps(
  listeners: readonly EdgeListener[],
  options: EdgeOptions,
  keyPairs: ReadonlyMap<string, KeyPair>,
): Json {
  const secure = listeners
    .filter(({ protocol }) => protocol === 'https')
    .flatMap((listener) => listener.publications.map((publication) => ({ publication })))
    .flatMap(({ publication }): TlsHost[] =>
      publication.publish.kind === 'host' ? [{ publication, publish: publication.publish }] : [],
    );
  if (secure.length === 0) return {};
  const ofKind = (kind: string) => secure.filter(({ publish }) => publish.tls.kind === kind);
  const internal = ofKind('internal').flatMap(({ publish }) => publish.hosts);
  const automatic = ofKind('auto');
  const pems = ofKind('own').flatMap(({ publication }) => keyPairs.get(publication.service) ?? []);
  const automated = [...internal, ...automatic.flatMap(({ publish }) => publish.hosts)];
  const policies = [
    ...(internal.length > 0 ? [{ subjects: internal, issuers: [{ module: 'internal' }] }] : []),
    ...automatic.map(({ publication, publish }) => ({
      subjects: publish.hosts,
      issuers: [acmeIssuer(publication, listeners, options)],
    })),
  ];
  return {
    tls: {
      certificates: {
        ...(automated.length > 0 ? { automate: automated } : {}),
        ...(pems.length > 0 ? { load_pem: pems } : {}),
      },
      ...(policies.length > 0 ? { automation: { policies } } : {}),
    },
    ...(internal.length > 0
      ? { pki: { certificate_authorities: { local: { install_trust: false } } } }
      : {}),
  };
}

/** ACME challenges arrive at port 80 or 443 of the host, which are mapped to other ports of the container. */
function acmeIssuer(
  publication: Publication,
  listeners: readonly EdgeListener[],
  { acme = {} }: EdgeOptions,
): Json {
  const portOf = (wanted: EdgeListener['protocol']) =>
    listeners.find(
      ({ protocol, publications }) => protocol === wanted && publications.includes(publication),
    )?.target;
  const http = portOf('http');
  return {
    module: 'acme',
    ...(acme.ca === undefined ? {} : { ca: acme.ca }),
    ...(acme.email === undefined ? {} : { email: acme.email }),
    ...(acme.root === undefined
      ? {}
      : { trusted_roots_pem_files: [`${CONFIG_FOLDER}/${ACME_ROOT_FILE}`] }),
    challenges: {
      http: http === undefined ? { disabled: true } : { alternate_port: http },
      'tls-alpn': { alternate_port: portOf('https') },
    },
  };
}
