import { z } from 'zod';
import type { Command } from '../docker/command';
import { parseSeverity, type Finding } from './finding';
import type { Scanner, ScannerPlace } from './scanner';

const versionSchema = z.object({
  Version: z.string(),
  VulnerabilityDB: z.object({ Version: z.number(), UpdatedAt: z.string() }),
});
const reportSchema = z.object({
  Results: z
    .array(
      z.object({
        Vulnerabilities: z
          .array(
            z.object({
              VulnerabilityID: z.string(),
              VendorIDs: z.array(z.string()).nullish(),
              PkgName: z.string(),
              InstalledVersion: z.string().default(''),
              FixedVersion: z.string().default(''),
              Severity: z.string().default(''),
              Title: z.string().default(''),
              PrimaryURL: z.string().default(''),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

/** Trivy of Aqua Security. */
export const trivy: Scanner = {
  name: 'trivy',
  program: 'trivy',
  isPlugin: false,
  update: (place) => command(place, ['image', '--download-db-only', '--quiet']),
  state: (place) => [command(place, ['version', '--format', 'json'])],
  parseState: ([output = '']) => {
    const { Version, VulnerabilityDB } = versionSchema.parse(JSON.parse(output));
    return {
      version: Version,
      database: `${VulnerabilityDB.Version} of ${VulnerabilityDB.UpdatedAt}`,
    };
  },
  scan: (place, subject) => {
    const how = ['--format', 'json', '--quiet', '--scanners', 'vuln'];
    const offline = ['--skip-db-update', '--skip-java-db-update', '--offline-scan'];
    return command(
      place,
      subject.kind === 'sbom'
        ? ['sbom', ...how, ...offline, subject.file]
        : ['image', ...how, ...offline, '--image-src', 'docker', subject.reference],
    );
  },
  parseFindings: (output, foundIn) =>
    (reportSchema.parse(JSON.parse(output)).Results ?? []).flatMap(({ Vulnerabilities }) =>
      (Vulnerabilities ?? []).map((one): Finding => ({
        id: one.VulnerabilityID,
        aliases: [...(one.VendorIDs ?? [])].sort(),
        severity: parseSeverity(one.Severity),
        package: one.PkgName,
        version: one.InstalledVersion,
        fixedIn: one.FixedVersion === '' ? [] : one.FixedVersion.split(/,\s*/),
        title: one.Title,
        url: one.PrimaryURL,
        foundIn,
      })),
    ),
};

function command({ program, databaseFolder }: ScannerPlace, args: readonly string[]): Command {
  const given = databaseFolder === undefined ? [] : ['--cache-dir', databaseFolder];
  return { file: program, args: [...args, ...given] };
}
