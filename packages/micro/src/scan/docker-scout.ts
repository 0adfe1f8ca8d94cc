import { PackageURL } from 'packageurl-js';
import { z } from 'zod';
import { parseSeverity, type Finding } from './finding';
import type { Scanner } from './scanner';

const reportSchema = z.object({
  runs: z.array(
    z.object({
      tool: z.object({
        driver: z.object({
          rules: z
            .array(
              z.object({
                id: z.string(),
                helpUri: z.string().default(''),
                shortDescription: z.object({ text: z.string() }).optional(),
                properties: z.object({
                  cvssV3_severity: z.string().default(''),
                  fixed_version: z.string().default(''),
                  purls: z.array(z.string()),
                }),
              }),
            )
            .nullish(),
        }),
      }),
    }),
  ),
});

/**
 * Docker Scout, the plugin `docker scout`. It has no database: it sends the list of packages to a service of Docker, for
 * which one has to be logged in. Of its forms of report, SARIF is the one with all that a finding has.
 */
export const dockerScout: Scanner = {
  name: 'docker-scout',
  program: 'docker',
  isPlugin: true,
  state: ({ program }) => [{ file: program, args: ['scout', 'version'] }],
  parseState: ([output = '']) => ({
    version: /^version:\s*v?(\S+)/m.exec(output)?.[1] ?? 'unknown',
  }),
  scan: ({ program }, subject) => {
    const source =
      subject.kind === 'sbom' ? `sbom://${subject.file}` : `local://${subject.reference}`;
    return { file: program, args: ['scout', 'cves', '--format', 'sarif', source] };
  },
  convertSbom: formatSpdx,
  parseFindings: (output, foundIn) =>
    // Some versions print what they do before the report.
    reportSchema
      .parse(JSON.parse(output.slice(Math.max(0, output.search(/^\{/m)))))
      .runs.flatMap(({ tool }) => tool.driver.rules ?? [])
      .flatMap(({ id, helpUri, shortDescription, properties }) =>
        properties.purls.map((purl): Finding => {
          const { namespace, name, version } = PackageURL.fromString(purl);
          const fixed = properties.fixed_version;
          return {
            id,
            aliases: [],
            severity: parseSeverity(properties.cvssV3_severity),
            package: purl.startsWith('pkg:npm/') && namespace ? `${namespace}/${name}` : name,
            version: version ?? '',
            fixedIn: fixed === '' || fixed === 'not fixed' ? [] : fixed.split(/,\s*/),
            title: (shortDescription?.text ?? '').replace(`${id}: `, ''),
            url: helpUri,
            foundIn,
          };
        }),
      ),
};

const sbomSchema = z.object({
  components: z
    .array(z.object({ name: z.string(), version: z.string().optional(), purl: z.string() }))
    .default([]),
});

/** What Scout reads: SPDX 2.3, with no more of each package than who looks for vulnerabilities needs. */
function formatSpdx(cyclonedx: string): string {
  const { components } = sbomSchema.parse(JSON.parse(cyclonedx));
  const packages = components.map(({ version = '', purl }, index) => {
    const { namespace, name } = PackageURL.fromString(purl);
    return {
      SPDXID: `SPDXRef-Package-${index + 1}`,
      name: namespace ? `${namespace}/${name}` : name,
      versionInfo: version,
      downloadLocation: 'NOASSERTION',
      externalRefs: [
        {
          referenceCategory: 'PACKAGE-MANAGER',
          referenceType: 'purl',
          referenceLocator: purl,
        },
      ],
    };
  });
  const spdx = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: 'sbom',
    documentNamespace: 'https://spdx.org/spdxdocs/sbom',
    creationInfo: { created: '1970-01-01T00:00:00Z', creators: ['Tool: org-micro'] },
    packages,
    relationships: packages.map(({ SPDXID }) => ({
      spdxElementId: 'SPDXRef-DOCUMENT',
      relationshipType: 'DESCRIBES',
      relatedSpdxElement: SPDXID,
    })),
  };
  return `${JSON.stringify(spdx, null, 2)}\n`;
}
