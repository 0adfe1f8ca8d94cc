import { type Validity, formatValidity, judgeValidity } from '../../edge/certificate';
import type { Tls } from '../../platform/publish';
import { checkWritten, type Check } from './check';

/** What was found of the edge of an environment. */
export interface EdgeFacts {
  hosts: readonly HostFact[];
  certificates: readonly CertificateFact[];
  /** What is wrong with certificates of one's own, each with the file and the line. */
  problems: readonly string[];
}

/** A host name that is published. */
export interface HostFact {
  host: string;
  tls: Tls['kind'];
  /** Where the name leads. */
  addresses: readonly string[];
  /** Those of the engine's machine; absent if nobody can tell. */
  engine?: readonly string[];
}

/** The certificate of a host. */
export interface CertificateFact {
  host: string;
  tls: Tls['kind'];
  /** Read from its file, or shown by the edge; or why it could not be seen. */
  found: (Validity & { covers: boolean }) | { problem: string };
}

/** Judges what was found; the good is told, too. */
export function checkEdge(facts: EdgeFacts, now: Date): Check[] {
  return [
    ...facts.hosts.map(checkHost),
    ...facts.problems.map((says) => checkWritten('edge', says)),
    ...facts.certificates.map((one) => checkCertificate(one, now)),
  ];
}

function checkHost({ host, tls, addresses, engine }: HostFact): Check {
  const what = 'host';
  if (addresses.length === 0) {
    const advice = 'add a DNS entry that points to the machine of the engine';
    // No authority gives a certificate for a name that leads nowhere.
    const level = tls === 'auto' ? 'fail' : 'warn';
    return { level, what, says: `${host} does not resolve`, advice };
  }
  const says = `${host} leads to ${addresses.join(', ')}`;
  if (engine === undefined || addresses.some((one) => engine.includes(one))) {
    return { level: 'ok', what, says };
  }
  return {
    level: 'warn',
    what,
    says: `${says}, which is not the engine (${engine.join(', ') || 'its name does not resolve'})`,
    advice:
      'fine if a load balancer or a router in between forwards to it; otherwise correct the DNS entry',
  };
}

const REPLACE: Record<Tls['kind'], string> = {
  own: 'replace the certificate and its key, and deploy again',
  auto: 'the edge could not renew it: "npx micro logs edge" shows why',
  internal: 'the edge could not renew it: "npx micro logs edge" shows why',
  none: '',
};

function checkCertificate({ host, tls, found }: CertificateFact, now: Date): Check {
  const what = 'edge';
  if ('problem' in found) {
    const says = `the certificate of ${host} could not be read: ${found.problem}`;
    return { level: 'warn', what, says, advice: REPLACE_UNSEEN };
  }
  if (!found.covers) {
    const says = `the edge serves a certificate that is not for ${host}`;
    return { level: 'fail', what, says, advice: REPLACE[tls] };
  }
  const level = judgeValidity(found, tls, now);
  const says = `the certificate of ${host}: ${formatValidity(found, now)}`;
  return { level, what, says, ...(level === 'ok' ? {} : { advice: REPLACE[tls] }) };
}

const REPLACE_UNSEEN = 'is its port open from here? "npx micro logs edge" shows what the edge does';
