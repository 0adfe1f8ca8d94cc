import type { Log, ReportingDescriptor, Result } from 'sarif';
import type { Judged } from './gate';
import type { Severity } from './finding';

/** What GitHub sorts alerts by: a number like a CVSS score. */
const SCORES: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
  unknown: '0.0',
};

const LEVELS: Readonly<Record<Severity, Result.level>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  unknown: 'note',
};

export interface SarifRun {
  scanner: { name: string; version: string };
  service: string;
  /** The file that alerts are shown at, relative to the workspace root. */
  file: string;
  judged: readonly Judged[];
}

/** The findings as SARIF 2.1.0, which code hosts show as alerts. Accepted ones are suppressed, with their reason. */
export function formatSarif({ scanner, service, file, judged }: SarifRun): string {
  const rules = new Map<string, ReportingDescriptor>();
  for (const { finding } of judged) {
    rules.set(finding.id, {
      id: finding.id,
      shortDescription: { text: finding.title === '' ? finding.id : finding.title },
      ...(finding.url === '' ? {} : { helpUri: finding.url }),
      properties: { 'security-severity': SCORES[finding.severity], tags: ['security'] },
    });
  }
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { ...scanner, rules: [...rules.values()] } },
        // One category each, so that the alerts of a service do not replace those of another.
        automationDetails: { id: `docker-scan/${service}/` },
        results: judged.map((one) => toResult(one, service, file)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function toResult({ finding, verdict, acceptance }: Judged, service: string, file: string): Result {
  const fix =
    finding.fixedIn.length > 0 ? `fixed in ${finding.fixedIn.join(', ')}` : 'there is no fix yet';
  return {
    ruleId: finding.id,
    level: LEVELS[finding.severity],
    message: {
      text: `${finding.package} ${finding.version} in the image of ${service}: ${finding.severity}, ${fix}`,
    },
    locations: [
      { physicalLocation: { artifactLocation: { uri: file }, region: { startLine: 1 } } },
    ],
    partialFingerprints: {
      vulnerability: `${service}/${finding.id}/${finding.package}@${finding.version}`,
    },
    ...(verdict === 'accepted'
      ? {
          suppressions: [
            { kind: 'external' as const, justification: acceptance!.exception.reason },
          ],
        }
      : {}),
  };
}
