import { z } from 'zod';
import { type Publish, collide, listenersOf } from './publish';
import { seconds } from './time';

/** The name of the edge's Compose service. No service of a platform may have it. */
export const EDGE_SERVICE = 'micro-edge';

/** The proxy's official image. */
export const EDGE_IMAGE = 'caddy:2';

const network = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], {
  error: 'a proxy is an address or a network, such as 10.0.0.0/8',
});

/** The settings of an environment's edge, the proxy that owns its published ports. */
export const edgeSchema = z.strictObject({
  image: z
    .string()
    .regex(
      /^[\w.-]+(:\d+)?(\/[\w./-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/,
      `an image is for example ${EDGE_IMAGE}`,
    )
    .default(EDGE_IMAGE)
    .describe('The image of Caddy 2.8 or later'),
  accessLog: z
    .enum(['none', 'json'])
    .default('none')
    .describe('json: one line per request, without query and headers'),
  headerTimeout: seconds
    .default(10)
    .describe('How long a client may take to send the headers of a request'),
  headerBytes: z
    .int()
    .min(4096)
    .max(1_048_576)
    .default(32_768)
    .describe('How large the headers of a request may be, in bytes'),
  idleTimeout: seconds
    .default(120)
    .describe('How long a connection without a request is kept open'),
  trustedProxies: z
    .array(network)
    .default([])
    .describe('Proxies in front whose X-Forwarded-For is believed, such as a load balancer'),
  acme: z
    .strictObject({
      email: z
        .email('the email is for example ops@example.com')
        .describe('Where the authority sends warnings')
        .optional(),
      ca: z
        .url({
          protocol: /^https$/,
          error:
            'the directory of an authority is an address such as https://ca.example.com/acme/directory',
        })
        .describe('The directory of another authority than Let’s Encrypt')
        .optional(),
      root: z
        .string()
        .min(1)
        .describe('A PEM file with the root certificate of that authority, if it is private')
        .optional(),
    })
    .describe('How certificates of "tls: auto" are asked for')
    .optional(),
});

export type EdgeOptions = z.output<typeof edgeSchema>;

export const DEFAULT_EDGE: EdgeOptions = edgeSchema.parse({});

/**
 * Whether an environment has an edge. All do, except those with `edge: false`, where each service publishes its own
 * port.
 */
export function usesEdge({ edge }: { edge?: EdgeOptions | false | undefined }): boolean {
  return edge !== false;
}

/** A problem of a published port or host, with its path below `services`. */
interface PublishProblem {
  path: string[];
  message: string;
}

/** Names for which no public authority issues a certificate (RFC 6761, 6762, 8375, and common names of routers). */
const NOT_PUBLIC = /(?:^|\.)(?:localhost|local|internal|test|example|invalid|lan|home\.arpa)$/;

/** Conflicts between publications, such as the same port or host twice, or a host without an edge. */
export function publishProblems(
  edge: EdgeOptions | false | undefined,
  services: Readonly<Record<string, { publish?: Publish | undefined }>>,
): PublishProblem[] {
  const published = Object.entries(services).flatMap(([service, { publish }]) =>
    publish ? [{ service, publish }] : [],
  );
  return published.flatMap(({ service, publish }, index) => {
    const earlier = published.slice(0, index);
    const at = (message: string): PublishProblem => ({ path: [service, 'publish'], message });
    return [
      ...ownProblems(edge, publish).map(at),
      ...earlier
        .flatMap((other) => sharedProblem(publish, other.publish, other.service) ?? [])
        .map(at),
    ];
  });
}

function ownProblems(edge: EdgeOptions | false | undefined, publish: Publish): string[] {
  if (publish.kind !== 'host') return [];
  if (edge === false) {
    return [
      'a host needs the edge, and "edge: false" is set: remove that, or publish a port such as 0.0.0.0:80',
    ];
  }
  if (publish.tls.kind !== 'auto' || edge?.acme?.ca !== undefined) return [];
  return publish.hosts
    .filter((host) => !host.includes('.') || NOT_PUBLIC.test(host))
    .map(
      (host) =>
        `no public authority gives a certificate for "${host}": use "tls: internal", or name an authority of your own in edge.acme.ca`,
    );
}

/** Hosts may share ports, if each host is named once and each port has one protocol. */
function sharedProblem(one: Publish, other: Publish, service: string): string | undefined {
  if (one.kind === 'host' && other.kind === 'host') {
    const [shared] = one.hosts.filter((host) => other.hosts.includes(host));
    if (
      shared !== undefined &&
      [one.http, one.https].some(
        (port) => port !== undefined && (port === other.http || port === other.https),
      )
    ) {
      return `host ${shared} is published by "${service}" already`;
    }
    const mixed = [one.http, other.http].find(
      (port) => port !== undefined && port === (port === one.http ? other : one).https,
    );
    if (mixed !== undefined)
      return `port ${mixed} is HTTPS for one of this service and "${service}", and HTTP for the other`;
    const split = listenersOf(one).find((mine) =>
      listenersOf(other).some((its) => collide(mine, its) && mine.address !== its.address),
    );
    return (
      split &&
      `port ${split.port} is published by "${service}" on another address: give both the same`
    );
  }
  const taken = listenersOf(one).find((mine) =>
    listenersOf(other).some((its) => collide(mine, its)),
  );
  return taken && `port ${taken.port} is published by "${service}" already: choose another one`;
}
