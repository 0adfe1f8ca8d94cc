import type { RunningContainer } from '../../deployment/container';
import type { EdgePlan } from '../../deployment/edge-plan';
import { judgeValidity, type Validity } from '../../edge/certificate';
import { listenersFor } from '../../edge/listener';
import type { Publication } from '../../edge/publication';
import { publishedUrl } from '../../platform/publish';
import type { EdgeStatus, Health } from './document';

/** The certificate that the edge serves for a host, or why it could not be read. */
export type ShownCertificate =
  ({ kind: 'served'; covers: boolean } & Validity) | { kind: 'unknown'; problem: string };

/** Everything that the report of the edge is made from. */
export interface EdgeStatusFacts {
  publications: readonly Publication[];
  container?: RunningContainer;
  /** What the next deploy would do for it. */
  plan?: EdgePlan;
  /** Why it could not be compared. */
  problem?: string;
  /** By host. */
  certificates: ReadonlyMap<string, ShownCertificate>;
}

export function reportEdge(facts: EdgeStatusFacts, now: Date): EdgeStatus {
  const { publications, container, plan, problem, certificates } = facts;
  return {
    ...(container ? { image: container.image, since: container.startedAt } : {}),
    health: healthOf(container),
    drift: [
      ...(plan && 'reason' in plan ? [plan.reason] : []),
      ...[...certificates].flatMap(([host, shown]) => certificateDrift(host, shown, facts, now)),
    ],
    ...(problem === undefined ? {} : { problem }),
    ports: container
      ? container.ports.map(({ address, port }) => `${address}:${port}`)
      : listenersFor(publications).map(
          ({ address = '0.0.0.0', published }) => `${address}:${published}`,
        ),
    hosts: publications.flatMap(({ service, publish }) =>
      publish.kind === 'host'
        ? publish.hosts.map((host) => {
            const shown = certificates.get(host);
            return {
              ...{ host, service, tls: publish.tls.kind },
              url: publishedUrl({ ...publish, hosts: [host] }),
              ...(shown?.kind === 'served' ? { certificateUntil: shown.to.toISOString() } : {}),
            };
          })
        : [],
    ),
  };
}

function certificateDrift(
  host: string,
  shown: ShownCertificate,
  { publications }: EdgeStatusFacts,
  now: Date,
): string[] {
  if (shown.kind === 'unknown') return [`no certificate for ${host}: ${shown.problem}`];
  if (!shown.covers) return [`its certificate is not for ${host}`];
  const publish = publications
    .map((one) => one.publish)
    .find((one) => one.kind === 'host' && one.hosts.includes(host));
  const kind = publish?.kind === 'host' ? publish.tls.kind : 'auto';
  return judgeValidity(shown, kind, now) === 'ok'
    ? []
    : [`the certificate of ${host} is valid until ${shown.to.toISOString().slice(0, 16)}Z`];
}

function healthOf(container: RunningContainer | undefined): Health {
  if (!container) return 'down';
  if (container.state === 'restarting') return 'restarting';
  return container.health === 'none' ? 'unchecked' : container.health;
}
