import { z } from 'zod';
import type { Problem } from '../platform/problem';
import { checkYaml, didYouMean, parseYaml } from '../platform/yaml-source';
import type { Finding } from './finding';

/** At the root of the workspace. */
export const EXCEPTIONS_FILE = 'scan-exceptions.yml';

const exceptionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9]+(?:-[A-Za-z0-9.]+)+$/, {
      error: 'is not the id of a vulnerability, such as CVE-2024-1234 or GHSA-xxxx-xxxx-xxxx',
    })
    .describe('The vulnerability, such as CVE-2024-1234; another name of it will do'),
  package: z.string().min(1).optional().describe('Only in this package; in all if left out'),
  services: z
    .array(z.string().min(1))
    .min(1, { error: 'names no service: list those it is for, or remove the key for all of them' })
    .optional()
    .describe('Only in these services; in all if left out'),
  reason: z.string().trim().min(1).describe('Why it does no harm here'),
  until: z.iso
    .date({ error: 'is not a date such as 2027-03-31' })
    .describe('The last day on which it is accepted, such as 2027-03-31'),
});

export const exceptionsSchema = z.strictObject({
  exceptions: z.array(exceptionSchema).describe('Vulnerabilities that are accepted for a time'),
});

/** A vulnerability that is accepted for a time. */
export interface ScanException extends z.output<typeof exceptionSchema> {
  /** `scan-exceptions.yml:3` */
  place: string;
}

/** The exceptions of a workspace, or every problem with its line. */
export function parseExceptions(
  text: string | undefined,
  services: readonly string[],
): { exceptions: ScanException[]; problems: readonly Problem[] } {
  if (text === undefined) return { exceptions: [], problems: [] };
  const file = EXCEPTIONS_FILE;
  const { source, problems } = parseYaml(file, text);
  if (!source) return { exceptions: [], problems };
  const { value, problems: wrong } = checkYaml(source, exceptionsSchema);
  if (!value) return { exceptions: [], problems: wrong };
  const found: Problem[] = [];
  const known = new Map<string, string>();
  const exceptions = value.exceptions.map((exception, index) => {
    const place = `${file}:${source.lineOf(['exceptions', index])}`;
    for (const [at, name] of (exception.services ?? []).entries()) {
      if (services.includes(name)) continue;
      found.push({
        file,
        line: source.lineOf(['exceptions', index, 'services', at]),
        message: `"${name}" is not a service${didYouMean(name, services)}`,
      });
    }
    const same = JSON.stringify([exception.id, exception.package, exception.services]);
    const other = known.get(same);
    if (other !== undefined) {
      found.push({
        file,
        line: source.lineOf(['exceptions', index]),
        message: `the same exception for ${exception.id} is at ${other}: remove one of the two`,
      });
    }
    known.set(same, place);
    return { ...exception, place };
  });
  return { exceptions, problems: found };
}

/** What an exception says of a finding: whether it is accepted today, or was until some day. */
export type Acceptance = { exception: ScanException; isOver: boolean } | undefined;

/**
 * The exception for a finding; one that is not over, if there is one.
 *
 * @param today as an ISO date, in UTC.
 */
export function acceptanceOf(
  finding: Finding,
  service: string,
  exceptions: readonly ScanException[],
  today: string,
): Acceptance {
  const names = [finding.id, ...finding.aliases].map((id) => id.toLowerCase());
  const fitting = exceptions
    .filter(
      (one) =>
        names.includes(one.id.toLowerCase()) &&
        (one.package === undefined || one.package === finding.package) &&
        (one.services === undefined || one.services.includes(service)),
    )
    .map((exception) => ({ exception, isOver: exception.until < today }));
  return fitting.find(({ isOver }) => !isOver) ?? fitting[0];
}
