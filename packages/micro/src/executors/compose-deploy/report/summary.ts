import { type Environment, runsElsewhere } from '../../../platform/environment';
import { formatList, formatSeconds, formatStep } from '../../../terminal/step';
import type { DeployPlan } from '../../../deployment/plan';
import type { PublishedPort } from '../../../deployment/container';

/** The result for one service. */
export interface Ended {
  service: string;
  /** `failed` also if it was not deployed because another service failed. */
  outcome: DeployPlan['kind'] | 'failed';
  /** The public URL, from the environment. */
  url?: string | undefined;
  /** Ports of the host that lead to the service. */
  ports: readonly PublishedPort[];
}

const WORDS = [
  ['create', 'created'],
  ['update', 'updated'],
  ['restart', 'restarted'],
  ['keep', 'kept'],
] as const;

/** `production  done  1 updated, 2 kept  16.6 s  gateway: http://example.com` */
export function formatSummary(
  environment: Environment,
  services: readonly Ended[],
  milliseconds: number,
): string {
  const failed = services.filter(({ outcome }) => outcome === 'failed');
  const counts = WORDS.flatMap(([kind, word]) => {
    const count = services.filter(({ outcome }) => outcome === kind).length;
    return count > 0 ? [`${count} ${word}`] : [];
  });
  if (failed.length > 0) {
    counts.push(`${failed.length} failed (${formatList(failed.map(({ service }) => service))})`);
  }
  const isSame = services.every(({ outcome }) => outcome === 'keep');
  const places = services.flatMap(({ service, url, ports }) => {
    const found = new Set(url ? [url] : ports.map((port) => formatPlace(port, environment)));
    return found.size > 0 ? [`${service}: ${[...found].join(', ')}`] : [];
  });
  return formatStep(
    environment.name,
    failed.length > 0 ? 'failed' : isSame ? 'up to date' : 'done',
    [counts.join(', '), formatSeconds(milliseconds), ...places].join('  '),
  );
}

const ANYWHERE = /^(?:0\.0\.0\.0|::)?$/;
const LOOPBACK = /^(?:127\.|::1$)/;

/** The address at which a person on this machine reaches a port of the engine's host, as far as that is known. */
function formatPlace({ address, port }: PublishedPort, environment: Environment): string {
  const isAnywhere = ANYWHERE.test(address);
  const isRemote = runsElsewhere(environment) && !environment.host?.startsWith('unix:');
  const remote = environment.host === undefined ? '' : new URL(environment.host).hostname;
  if (isRemote && (LOOPBACK.test(address) || (isAnywhere && remote === ''))) {
    return `port ${port} of the engine's host`;
  }
  const host = isAnywhere ? (isRemote ? remote : 'localhost') : address;
  return `http://${host.includes(':') ? `[${host}]` : host}${port === 80 ? '' : `:${port}`}`;
}
