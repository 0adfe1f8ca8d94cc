import { acceptanceOf, EXCEPTIONS_FILE, type Acceptance, type ScanException } from './exceptions';
import { isAtLeast, type Finding, type Severity } from './finding';

/** From which severity on a vulnerability fails the task; `never` only reports. */
export const FAIL_ON = ['low', 'medium', 'high', 'critical', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export interface GateRules {
  service: string;
  failOn: FailOn;
  /** Whether vulnerabilities without a fix are only reported. */
  onlyFixed: boolean;
  exceptions: readonly ScanException[];
  /** ISO date, in UTC. */
  today: string;
}

/** A finding and what is to be done about it. */
export interface Judged {
  finding: Finding;
  verdict: 'fails' | 'accepted' | 'reported';
  acceptance: Acceptance;
}

export function judge(findings: readonly Finding[], rules: GateRules): Judged[] {
  const { service, failOn, onlyFixed, exceptions, today } = rules;
  return findings.map((finding) => {
    const acceptance = acceptanceOf(finding, service, exceptions, today);
    const counts =
      failOn !== 'never' &&
      isAtLeast(finding.severity, failOn) &&
      (!onlyFixed || finding.fixedIn.length > 0);
    const verdict = acceptance && !acceptance.isOver ? 'accepted' : counts ? 'fails' : 'reported';
    return { finding, verdict, acceptance };
  });
}

/** The table for people: what fails and what is accepted, one row each, then how many others there are. */
export function findingRows(judged: readonly Judged[]): string[][] {
  const shown = judged.filter(({ verdict }) => verdict !== 'reported');
  const rows = shown.map(({ finding, verdict, acceptance }) => [
    finding.severity,
    finding.id,
    `${finding.package} ${finding.version}`,
    finding.fixedIn.length > 0 ? `fixed in ${finding.fixedIn.join(', ')}` : 'no fix',
    finding.foundIn === 'sbom' ? 'service' : 'image',
    verdict === 'accepted'
      ? `accepted until ${acceptance!.exception.until} (${acceptance!.exception.place})`
      : acceptance
        ? `accepted until ${acceptance.exception.until}, which is over (${acceptance.exception.place})`
        : '',
  ]);
  const others = countBySeverity(
    judged.flatMap(({ finding, verdict }) => (verdict === 'reported' ? [finding.severity] : [])),
  );
  return others === '' ? rows : [...rows, ['others', others]];
}

/** Why the task fails; `undefined` if it does not. */
export function whyFailed(
  judged: readonly Judged[],
  { service, failOn }: GateRules,
): string | undefined {
  const failing = judged.filter(({ verdict }) => verdict === 'fails');
  if (failing.length === 0) return undefined;
  const fixed = failing.filter(({ finding }) => finding.fixedIn.length > 0).length;
  const many = failing.length === 1 ? '1 vulnerability' : `${failing.length} vulnerabilities`;
  return `${service} has ${many} of severity ${failOn} or above, ${fixed} of them with a fix. Update these packages, or accept one for a time in ${EXCEPTIONS_FILE}: an "id", a "reason" and "until"`;
}

/** `2 high, 1 low` */
export function countBySeverity(severities: readonly Severity[]): string {
  return (['critical', 'high', 'medium', 'low', 'unknown'] as const)
    .map((severity) => [severities.filter((one) => one === severity).length, severity] as const)
    .filter(([count]) => count > 0)
    .map(([count, severity]) => `${count} ${severity}`)
    .join(', ');
}
