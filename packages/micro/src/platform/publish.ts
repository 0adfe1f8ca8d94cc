import { z } from 'zod';
import { secretSourceSchema, type SecretSource } from './secret';

/** A port of the host that speaks plain HTTP. */
export interface PortPublish {
  kind: 'port';
  address: string;
  /** 0 for any free port. */
  port: number;
}

/** Where the certificate of a host comes from. `none` means plain HTTP. */
export type Tls =
  | { kind: 'auto' }
  | { kind: 'internal' }
  | { kind: 'none' }
  | { kind: 'own'; certificate: SecretSource; key: SecretSource };

/** Host names on the ports for HTTP and HTTPS. */
export interface HostPublish {
  kind: 'host';
  /** At least one. */
  hosts: readonly string[];
  tls: Tls;
  /** The address of the host machine; all addresses if absent. */
  address?: string;
  /** The port of plain HTTP. With TLS, it redirects to HTTPS. Absent if nothing listens. */
  http?: number;
  /** The port of HTTPS; absent without TLS. */
  https?: number;
}

/** How a service is reached from outside of the platform's networks. */
export type Publish = PortPublish | HostPublish;

const PORT = /^(?:(\d{1,3}(?:\.\d{1,3}){3}):)?(\d{1,5})$/;
const PUBLISH_SHAPE =
  'what is published is a port such as 8080 or 0.0.0.0:8080, or a host such as { host: shop.example.com, tls: auto }';

const HOST =
  /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const HOST_SHAPE = 'a host is a name in lower case without port and path, such as shop.example.com';

export const hostName = z
  .string()
  .max(253, HOST_SHAPE)
  .regex(HOST, HOST_SHAPE)
  .refine((name) => !z.ipv4().safeParse(name).success, {
    error: 'a host is a name, not an address: publish a port, such as 0.0.0.0:8080',
  });

const pemFile = z
  .union(
    [z.string().min(1).describe('A PEM file, relative to the workspace root'), secretSourceSchema],
    {
      error:
        'give a PEM file, or { file: path }, { environment: VARIABLE } or { command: [program] }',
    },
  )
  .transform((source): SecretSource => (typeof source === 'string' ? { file: source } : source));

const TLS_SHAPE = 'tls is auto, internal, none, or { certificate: file, key: file }';

const tls = z
  .union(
    [
      z.enum(['auto', 'internal', 'none'], { error: TLS_SHAPE }),
      z.strictObject({
        certificate: pemFile.describe('The certificate with its chain, PEM'),
        key: pemFile.describe('Its private key, PEM; a file that git does not hold'),
      }),
    ],
    { error: TLS_SHAPE },
  )
  .transform((value): Tls =>
    typeof value === 'string' ? { kind: value } : { kind: 'own', ...value },
  );

const portNumber = z.int().min(1).max(65_535);

const portPublish = z
  .union(
    [
      z.int().min(0, PUBLISH_SHAPE).max(65_535, PUBLISH_SHAPE),
      z.string().regex(PORT, PUBLISH_SHAPE),
    ],
    {
      error: PUBLISH_SHAPE,
    },
  )
  .transform((value, context) => {
    const published = parsePort(String(value));
    if (published) return published;
    context.addIssue({ code: 'custom', message: PUBLISH_SHAPE });
    return z.NEVER;
  });

const hostPublish = z
  .strictObject({
    host: z
      .union([hostName, z.array(hostName).min(1)], { error: HOST_SHAPE })
      .describe('Its public host name, or several'),
    tls: tls
      .describe(
        'auto: a certificate by ACME, from Let’s Encrypt unless edge.acme says otherwise; internal: from a CA of the environment’s own; none: plain HTTP; or your own certificate and key',
      )
      .default({ kind: 'auto' }),
    address: z
      .ipv4('an address is for example 127.0.0.1')
      .describe('Address of the host machine to listen on. Default: all of them')
      .optional(),
    http: z
      .union([portNumber, z.literal(false)], { error: 'http is a port from 1 to 65535, or false' })
      .describe('Port of plain HTTP, which redirects to HTTPS if there is TLS; false for none')
      .default(80),
    https: portNumber.describe('Port of HTTPS. Default: 443').optional(),
  })
  .superRefine(({ host: hosts, tls: { kind }, http, https }, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (kind === 'none' && https !== undefined)
      issue('https', 'there is no HTTPS with "tls: none": remove it');
    if (kind === 'none' && http === false)
      issue('http', 'with "tls: none" there is nothing but HTTP: give it a port');
    if (kind !== 'none' && http !== false && http === (https ?? 443)) {
      issue(
        https === undefined ? 'http' : 'https',
        `HTTP and HTTPS cannot both have port ${http}: choose another one, or "http: false"`,
      );
    }
    if (kind === 'auto' && [hosts].flat().some((name) => name.startsWith('*.'))) {
      issue(
        'host',
        'ACME over HTTP gives no certificate for a wildcard: name each host, or use a certificate of your own',
      );
    }
  })
  .transform(({ host: hosts, tls: how, address, http, https }): HostPublish => ({
    kind: 'host',
    hosts: [hosts].flat(),
    tls: how,
    ...(address === undefined ? {} : { address }),
    ...(http === false ? {} : { http }),
    ...(how.kind === 'none' ? {} : { https: https ?? 443 }),
  }));

/** How a service is published: `8080`, `0.0.0.0:8080`, or `{ host: shop.example.com, tls: auto }`. */
export const publishSchema = z.union([portPublish, hostPublish], { error: PUBLISH_SHAPE });

/** The public address of a service that is published under host names. The first name is used. */
export function publishedUrl({ hosts: [host], https, http }: HostPublish): string {
  const [scheme, port, usual] = https === undefined ? ['http', http, 80] : ['https', https, 443];
  return `${scheme}://${host}${port === usual ? '' : `:${port}`}`;
}

/** `8080` on 127.0.0.1, or `0.0.0.0:8080`; `undefined` if the text is neither. */
function parsePort(text: string): PortPublish | undefined {
  const [, address = '127.0.0.1', digits] = PORT.exec(text) ?? [];
  const port = Number(digits);
  return z.ipv4().safeParse(address).success && port <= 65_535
    ? { kind: 'port', address, port }
    : undefined;
}

/** A port of the host machine that a publication needs. */
export interface Listener {
  /** Absent means all addresses. */
  address?: string;
  port: number;
}

export function listenersOf(publish: Publish): Listener[] {
  if (publish.kind === 'port') return [{ address: publish.address, port: publish.port }];
  return [publish.http, publish.https].flatMap((port) =>
    port === undefined
      ? []
      : [{ port, ...(publish.address === undefined ? {} : { address: publish.address }) }],
  );
}

/** Whether two publications need the same port of the host. */
export function collide(one: Listener, other: Listener): boolean {
  const everywhere = ({ address = '0.0.0.0' }: Listener) => address === '0.0.0.0';
  return (
    one.port !== 0 &&
    one.port === other.port &&
    (one.address === other.address || everywhere(one) || everywhere(other))
  );
}
