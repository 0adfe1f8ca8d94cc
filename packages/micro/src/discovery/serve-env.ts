import { posix } from 'node:path';
import {
  BROKER_VARIABLE,
  DATASTORE_PURPOSES,
  datastoreVariable,
  isBrokerServer,
  OWNER_VARIABLE,
} from '../platform/datastore';
import { formatDrift, formatStale, type DerivedFile } from '../platform/derived-file';
import { hostUrl, linkVariables } from '../platform/link';
import type { Platform, Service } from '../platform/platform';
import { keyVariables, refersToKey, SERVICE_KEY_VARIABLE } from '../platform/service-key';

const HEADER = '# `nx sync` keeps PORT and the URLs that service.yml leads to; all else is yours.';

const OWNED = /^(?:PORT|MICROSERVICE_[A-Z0-9_]+_URL)$/;

/** Variables that a person may use for their own datastore, if the manifest has none. */
const BACKING_VARIABLES: ReadonlySet<string> = new Set([
  ...DATASTORE_PURPOSES.map(datastoreVariable),
  BROKER_VARIABLE,
  OWNER_VARIABLE,
]);

/** A password that only the root's `.env` holds. */
const PASSWORD_REFERENCE = /\$\{[A-Z0-9_]+_PASSWORD\}/;

/** A line that sets a variable, up to its value; a comment behind the value belongs to it. */
const ASSIGNMENT = /^(?<start>\s*(?:export\s+)?(?<name>[A-Za-z_]\w*)\s*=\s*)(?<value>.*)$/;

/** `apps/orders/.serve.env`, which Nx loads for the target `serve` */
export function serveEnvFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, '.serve.env');
}

/**
 * Where a service on this machine listens and finds the others, as variables in a dotenv file.
 *
 * @param backingUrls of its datastores and the broker, by variable. The file is committed, so their
 * passwords are references, which Nx resolves with the root's `.env` before it starts the task.
 */
export function deriveServeEnv(
  platform: Platform,
  service: Service,
  backingUrls: Readonly<Record<string, string>>,
  current: string | undefined,
): DerivedFile {
  const path = serveEnvFile(service);
  const wanted = {
    PORT: String(service.port),
    ...(service.grpcPort === undefined ? {} : { GRPC_PORT: String(service.grpcPort) }),
    ...linkVariables(platform, service, hostUrl),
    ...backingUrls,
    ...keyVariables(platform, service, (variable) => `\${${variable}}`),
  };
  const seeds = outsideBroker(platform, service);
  const { text, drift } = convergeDotenv(current ?? `${HEADER}\n`, wanted, seeds);
  return current === undefined
    ? { path, text, drift: ['the file is missing'] }
    : { path, text, drift };
}

/** A broker that is no container: of a simulated AWS on this machine, until a person writes another one. */
function outsideBroker({ name }: Platform, { broker }: Service): Record<string, string> {
  if (broker === undefined || isBrokerServer(broker)) return {};
  const url = `sqs://eu-central-1/${name}-development?endpoint=http://localhost:4566`;
  return { [BROKER_VARIABLE]: url };
}

/** @param seeds are added if they are missing, and then a person's. */
function convergeDotenv(
  current: string,
  wanted: Readonly<Record<string, string>>,
  seeds: Readonly<Record<string, string>>,
): { text: string; drift: string[] } {
  const eol = current.includes('\r\n') ? '\r\n' : '\n';
  const drift: string[] = [];
  const lines = current.split(eol).flatMap((line) => {
    const { start = '', name = '', value = '' } = ASSIGNMENT.exec(line)?.groups ?? {};
    const should = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    if (should === undefined) {
      if (!isOurs(name, value)) return [line];
      drift.push(formatStale(name));
      return [];
    }
    if (plainValue(value) === should) return [line];
    // What stands there may hold a password.
    const isSecret = BACKING_VARIABLES.has(name) || SERVICE_KEY_VARIABLE.test(name);
    drift.push(
      isSecret
        ? `${name} does not match the manifest`
        : formatDrift(name, plainValue(value), should),
    );
    return [start + should];
  });
  const present = new Set(lines.map((line) => ASSIGNMENT.exec(line)?.groups?.['name']));
  const all = { ...seeds, ...wanted };
  const missing = Object.entries(all).filter(([name]) => !present.has(name));
  if (missing.length > 0) {
    const isTerminated = lines.at(-1) === '';
    const added = missing.map(([name, value]) => `${name}=${value}`);
    lines.splice(isTerminated ? -1 : lines.length, 0, ...added);
    if (!isTerminated) lines.push('');
    drift.push(...missing.map(([name, value]) => formatDrift(name, undefined, value)));
  }
  return { text: drift.length === 0 ? current : lines.join(eol), drift };
}

/** Whether a line that is not wanted stands there only because we once wrote it. */
function isOurs(name: string, value: string): boolean {
  return (
    OWNED.test(name) ||
    (BACKING_VARIABLES.has(name) && PASSWORD_REFERENCE.test(value)) ||
    (SERVICE_KEY_VARIABLE.test(name) && refersToKey(value))
  );
}

/** The value without quotes, or without what stands behind an unquoted one. */
function plainValue(text: string): string {
  const quoted = /^(["'`])(.*?)\1/.exec(text);
  return quoted ? quoted[2]! : text.replace(/\s+#.*$/, '').trim();
}
