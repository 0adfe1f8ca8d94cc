import { z } from 'zod';
import type { Command } from '../docker/command';
import { parseSeverity, type Finding } from './finding';
import type { Scanner, ScannerPlace, ScanSubject } from './scanner';

const versionSchema = z.object({ version: z.string() });
const statusSchema = z.object({ schemaVersion: z.string(), built: z.string() });
const reportSchema = z.object({
  matches: z.array(
    z.object({
      vulnerability: z.object({
        id: z.string(),
        dataSource: z.string().default(''),
        severity: z.string().default(''),
        description: z.string().default(''),
        fix: z.object({ versions: z.array(z.string()).nullable() }).optional(),
      }),
      relatedVulnerabilities: z.array(z.object({ id: z.string() })).nullish(),
      artifact: z.object({ name: z.string(), version: z.string() }),
    }),
  ),
});

/** Grype of Anchore. */
export const grype: Scanner = {
  name: 'grype',
  program: 'grype',
  isPlugin: false,
  update: (place) => command(place, ['db', 'update'], {}),
  state: (place) => [
    command(place, ['version', '--output', 'json']),
    command(place, ['db', 'status', '--output', 'json']),
  ],
  parseState: ([version = '', status = '']) => {
    const { schemaVersion, built } = statusSchema.parse(JSON.parse(status));
    return {
      version: versionSchema.parse(JSON.parse(version)).version,
      database: `${schemaVersion} of ${built}`,
    };
  },
  scan: (place, subject) => command(place, [sourceOf(subject), '--output', 'json', '--quiet']),
  parseFindings: (output, foundIn) =>
    reportSchema
      .parse(JSON.parse(output))
      .matches.map(({ vulnerability, relatedVulnerabilities, artifact }): Finding => {
        const aliases = (relatedVulnerabilities ?? []).map(({ id }) => id);
        return {
          id: vulnerability.id,
          aliases: [...new Set(aliases)].filter((id) => id !== vulnerability.id).sort(),
          severity: parseSeverity(vulnerability.severity),
          package: artifact.name,
          version: artifact.version,
          fixedIn: vulnerability.fix?.versions ?? [],
          title: vulnerability.description.split('\n')[0]!,
          url: vulnerability.dataSource,
          foundIn,
        };
      }),
};

/** Unless it is asked to, it neither updates its database nor looks for a newer version of itself. */
const OFFLINE = { GRYPE_DB_AUTO_UPDATE: 'false', GRYPE_CHECK_FOR_APP_UPDATE: 'false' };

function command(
  { program, databaseFolder }: ScannerPlace,
  args: readonly string[],
  env: Record<string, string> = OFFLINE,
): Command {
  if (databaseFolder === undefined) return { file: program, args, env };
  // Who brings a database along decides how old it may be.
  const given = { GRYPE_DB_CACHE_DIR: databaseFolder, GRYPE_DB_VALIDATE_AGE: 'false' };
  return { file: program, args, env: { ...env, ...given } };
}

function sourceOf(subject: ScanSubject): string {
  return subject.kind === 'sbom' ? `sbom:${subject.file}` : `docker:${subject.reference}`;
}
