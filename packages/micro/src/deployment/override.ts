import { isDeepStrictEqual } from 'node:util';
import { Document, isSeq } from 'yaml';
import type { DeployedImage } from '../image/receipt';
import { elsewhere, type Environment } from '../platform/environment';
import { PUBLIC_URL } from '../platform/environment-keys';
import { formatImageReference, parseImageReference } from '../platform/image-reference';
import { linkVariable } from '../platform/link';
import type { Service } from '../platform/platform';
import { publishedUrl } from '../platform/publish';
import { portMappingsOf, type ComposeEntry } from './entry';
import { DEPLOY_LABELS } from './labels';
import { withStopTime } from './stop-time';
import { SECRETS_FOLDER, secretVariables, withoutReplaced } from './secrets';

/** The reference that is deployed: by digest from a registry, by its key on the engine that built it. */
export function pinnedImage(receipt: DeployedImage): string {
  return receipt.kind === 'pushed'
    ? formatImageReference({ ...parseImageReference(receipt.image), digest: receipt.digest })
    : receipt.image;
}

/** What an environment changes in the entry of one service, as a Compose override in YAML. */
export function overrideFile(
  service: Service,
  environment: Environment,
  push: DeployedImage | undefined,
  entryLabel: string | undefined,
): string {
  const here = environment.services[service.name];
  const { variables, volumes } = settingsOf(service, environment);
  const document = new Document({
    services: {
      [service.name]: {
        ...(push ? { image: pinnedImage(push) } : {}),
        ...(Object.keys(variables).length > 0 ? { environment: variables } : {}),
        ...(here?.resources ? { deploy: { resources: { limits: limitsOf(here.resources) } } } : {}),
        ...(volumes.length > 0 ? { volumes } : {}),
        ...(here?.publish?.kind === 'port'
          ? {
              ports: [
                {
                  target: service.port,
                  published: String(here.publish.port),
                  host_ip: here.publish.address,
                  protocol: 'tcp',
                  mode: 'host',
                },
              ],
            }
          : {}),
        labels: {
          [DEPLOY_LABELS.environment]: environment.name,
          ...(push ? { [DEPLOY_LABELS.key]: push.key } : {}),
          ...(entryLabel === undefined ? {} : { [DEPLOY_LABELS.entry]: entryLabel }),
        },
      },
    },
  });
  // Compose adds up lists of ports: without the tag the port of development is published as well.
  const ports = document.getIn(['services', service.name, 'ports'], true);
  if (isSeq(ports)) ports.tag = '!override';
  return document.toString();
}

/** What an override sets, and what Compose adds to every entry. */
const OVERRIDE_KEYS = ['deploy', 'environment', 'image', 'labels', 'ports', 'volumes'];

/**
 * Whether a rendered entry has anything that no override sets: then the service is in the compose files. If it has
 * nothing more, it may be there or not.
 */
export function isBeyondOverride(entry: ComposeEntry): boolean {
  return Object.entries(entry).some(([key, value]) => {
    if (key === 'command' || key === 'entrypoint') return value !== null;
    if (key === 'networks') return !isDeepStrictEqual(value, { default: null });
    return !OVERRIDE_KEYS.includes(key);
  });
}

/** Variables and volumes for a service and its jobs in an environment. */
export function settingsOf(service: Service, environment: Environment) {
  const here = environment.services[service.name];
  const secrets = Object.keys(here?.secrets ?? {}).sort();
  const url =
    here?.url ?? (here?.publish?.kind === 'host' ? publishedUrl(here.publish) : undefined);
  const variables = {
    ...linksElsewhere(service, environment),
    ...(url === undefined ? {} : { [PUBLIC_URL]: url }),
    ...here?.environment,
    ...secretVariables(secrets),
  };
  return {
    variables: Object.fromEntries(
      // Escaped, because Compose would replace `$NAME` by a variable of the machine that deploys.
      Object.entries(variables).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]),
    ),
    volumes: secrets.length > 0 ? [{ type: 'volume', target: SECRETS_FOLDER }] : [],
  };
}

/** The URLs of consumed services that run somewhere else (`links`). */
function linksElsewhere({ consumes }: Service, environment: Environment): Record<string, string> {
  return Object.fromEntries(
    consumes.flatMap((name) => {
      const url = elsewhere(environment, name);
      return url === undefined ? [] : [[linkVariable(name), url]];
    }),
  );
}

function limitsOf({ cpus, memory }: Service['resources']): Record<string, string> {
  return {
    ...(cpus === undefined ? {} : { cpus: String(cpus) }),
    ...(memory === undefined ? {} : { memory }),
  };
}

/** A rendered entry with changes that a Compose override cannot express. */
export function asDeployed(
  entry: ComposeEntry,
  service: string,
  { portOffset, services }: Pick<Environment, 'portOffset' | 'services'>,
): ComposeEntry {
  const own = withStopTime(withoutReplaced(entry));
  const ports = portMappingsOf(own);
  if (ports.length === 0 || portOffset === 0 || services[service]?.publish) return own;
  // A range, too; 0 is a port that the engine picks.
  const shift = (published: string) =>
    published.replace(/\d+/g, (port) => (port === '0' ? port : String(Number(port) + portOffset)));
  return {
    ...own,
    ports: ports.map((port) =>
      port.published === undefined ? port : { ...port, published: shift(port.published) },
    ),
  };
}
