import { z } from 'zod';

/** From least to most severe. A scanner's "negligible" counts as low. */
export const SEVERITIES = ['unknown', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A vulnerability of a package in an image. */
export const findingSchema = z.object({
  /** `CVE-2024-1234`, `GHSA-…` */
  id: z.string(),
  /** Other names of the same vulnerability. */
  aliases: z.array(z.string()),
  severity: z.enum(SEVERITIES),
  package: z.string(),
  version: z.string(),
  /** Versions that are not affected any more; empty if there is none. */
  fixedIn: z.array(z.string()),
  title: z.string(),
  url: z.string(),
  /** What was scanned: the SBOM has packages in the bundle, the image those of its base. */
  foundIn: z.enum(['sbom', 'image']),
});
export type Finding = z.output<typeof findingSchema>;

export function isAtLeast(severity: Severity, limit: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(limit);
}

export function parseSeverity(text: string): Severity {
  const word = text.toLowerCase();
  if (word === 'negligible') return 'low';
  return SEVERITIES.find((severity) => severity === word) ?? 'unknown';
}

/** Each once, the most severe first. What the SBOM and the image both have is found in the SBOM. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const unique = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.id} ${finding.package} ${finding.version}`;
    if (unique.get(key)?.foundIn !== 'sbom') unique.set(key, finding);
  }
  return [...unique]
    .sort(
      ([a, { severity: one }], [b, { severity: other }]) =>
        SEVERITIES.indexOf(other) - SEVERITIES.indexOf(one) || (a < b ? -1 : 1),
    )
    .map(([, finding]) => finding);
}
