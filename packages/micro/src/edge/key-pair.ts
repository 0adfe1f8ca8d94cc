import { X509Certificate, createPrivateKey } from 'node:crypto';

/** A certificate with its chain and its private key, PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** Why a user's own certificate cannot serve these hosts; empty if it can. */
export function keyPairProblems(
  { certificate, key }: KeyPair,
  hosts: readonly string[],
  now: Date,
): string[] {
  const parsed = parse(() => new X509Certificate(certificate));
  const secret = parse(() => createPrivateKey(key));
  const problems = [
    ...(parsed ? [] : ['the certificate is not a PEM file with a certificate']),
    ...(secret ? [] : ['the key is not a PEM file with a private key without passphrase']),
  ];
  if (!parsed) return problems;
  if (secret && !parsed.checkPrivateKey(secret)) {
    problems.push('the key does not belong to the certificate');
  }
  if (now > parsed.validToDate) {
    problems.push(`the certificate is expired since ${day(parsed.validToDate)}`);
  }
  if (now < parsed.validFromDate) {
    problems.push(`the certificate is not valid before ${day(parsed.validFromDate)}`);
  }
  for (const host of hosts) {
    // A wildcard is checked with an example name.
    if (!parsed.checkHost(host.replace(/^\*/, 'any'), { partialWildcards: false })) {
      problems.push(`the certificate is not for ${host}, but for ${namesOf(parsed)}`);
    }
  }
  return problems;
}

function namesOf({ subjectAltName, subject }: X509Certificate): string {
  return (subjectAltName ?? subject).replaceAll('DNS:', '').replaceAll('\n', ', ');
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function parse<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
