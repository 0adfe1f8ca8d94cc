import { describe, expect, it } from 'vitest';
import { acceptanceOf, parseExceptions } from './exceptions';
import { dockerScout } from './docker-scout';
import { parseSeverity, sortFindings, type Finding } from './finding';
import { findingRows, judge, whyFailed, type GateRules } from './gate';
import { grype } from './grype';
import { formatSarif } from './sarif';
import { trivy } from './trivy';

const finding = (facts: Partial<Finding> = {}): Finding => ({
  id: 'GHSA-xvch-5gv4-984h',
  aliases: ['CVE-2021-44906'],
  severity: 'critical',
  package: 'minimist',
  version: '1.2.5',
  fixedIn: ['1.2.6'],
  title: 'Prototype pollution',
  url: 'https://example.com/advisory',
  foundIn: 'sbom',
  ...facts,
});

const place = { program: 'grype', databaseFolder: undefined };
const SBOM = { kind: 'sbom' as const, file: 'dist/sboms/apps/orders/sbom.cdx.json' };
const IMAGE = { kind: 'image' as const, reference: 'acme/orders:k-1' };

describe('grype', () => {
  const OFFLINE = { GRYPE_DB_AUTO_UPDATE: 'false', GRYPE_CHECK_FOR_APP_UPDATE: 'false' };

  it('is asked for its state, then for each subject, and updates only if it is told to', () => {
    expect(grype.update!(place)).toEqual({ file: 'grype', args: ['db', 'update'], env: {} });
    expect(grype.state(place).map(({ args }) => args)).toEqual([
      ['version', '--output', 'json'],
      ['db', 'status', '--output', 'json'],
    ]);
    expect(grype.scan(place, SBOM)).toEqual({
      file: 'grype',
      args: [`sbom:${SBOM.file}`, '--output', 'json', '--quiet'],
      env: OFFLINE,
    });
    expect(grype.scan({ program: '/opt/grype', databaseFolder: '/db' }, IMAGE)).toEqual({
      file: '/opt/grype',
      args: ['docker:acme/orders:k-1', '--output', 'json', '--quiet'],
      env: { ...OFFLINE, GRYPE_DB_CACHE_DIR: '/db', GRYPE_DB_VALIDATE_AGE: 'false' },
    });
  });

  it('says which database it has', () => {
    expect(
      grype.parseState([
        '{ "application": "grype", "version": "0.121.2" }',
        '{ "schemaVersion": "v6.1.10", "from": "hand", "built": "2026-11-27T01:02:03Z", "path": "/db", "valid": true }',
      ]),
    ).toEqual({ version: '0.121.2', database: 'v6.1.10 of 2026-11-27T01:02:03Z' });
  });

  it('says what it found', () => {
    const report = {
      matches: [
        {
          // As Grype 0.121.2 reports minimist 1.2.5 in an SBOM of ours, but for the text and its address.
          vulnerability: {
            id: 'GHSA-xvch-5gv4-984h',
            dataSource: 'https://example.com/advisory',
            namespace: 'github:language:javascript',
            severity: 'Critical',
            urls: [],
            description: 'Prototype pollution\nand more',
            cvss: [],
            fix: { versions: ['1.2.6'], state: 'fixed' },
            advisories: [],
            risk: 0,
          },
          relatedVulnerabilities: [
            {
              id: 'CVE-2021-44906',
              dataSource: 'nvd',
              namespace: 'nvd:cpe',
              severity: 'Unknown',
              urls: [],
              cvss: [],
            },
          ],
          artifact: {
            id: 'minimist@1.2.5',
            name: 'minimist',
            version: '1.2.5',
            type: 'npm',
            locations: null,
            language: 'javascript',
            licenses: ['MIT'],
            cpes: [],
            purl: 'pkg:npm/minimist@1.2.5',
            upstreams: [],
          },
        },
        {
          vulnerability: { id: 'CVE-1', severity: 'Negligible', fix: { versions: [] } },
          artifact: { name: 'tar', version: '1.34' },
        },
      ],
    };
    expect(grype.parseFindings(JSON.stringify(report), 'sbom')).toEqual([
      finding(),
      finding({
        id: 'CVE-1',
        aliases: [],
        severity: 'low',
        package: 'tar',
        version: '1.34',
        fixedIn: [],
        title: '',
        url: '',
      }),
    ]);
    expect(() => grype.parseFindings('{}', 'sbom')).toThrow();
  });
});

describe('docker scout', () => {
  const scout = { program: 'docker', databaseFolder: undefined };

  it('is asked for an SBOM in SPDX and for an image of the engine, and says its version', () => {
    expect(dockerScout.scan(scout, SBOM)).toEqual({
      file: 'docker',
      args: ['scout', 'cves', '--format', 'sarif', `sbom://${SBOM.file}`],
    });
    expect(dockerScout.scan(scout, IMAGE).args.at(-1)).toBe('local://acme/orders:k-1');
    expect(dockerScout.state(scout)).toEqual([{ file: 'docker', args: ['scout', 'version'] }]);
    expect(dockerScout.parseState(['version: v1.21.0 (go1.26.0 - linux/amd64)\n'])).toEqual({
      version: '1.21.0',
    });
    expect(dockerScout.update).toBeUndefined();
  });

  it('is given each package by its purl', () => {
    const components = [
      { group: '@acme', name: 'tar', version: '1.0.0', purl: 'pkg:npm/%40acme/tar@1.0.0' },
      { name: 'minimist', version: '1.2.5', purl: 'pkg:npm/minimist@1.2.5' },
    ];
    const spdx = JSON.parse(dockerScout.convertSbom!(JSON.stringify({ components }))) as {
      spdxVersion: string;
      packages: { name: string; externalRefs: { referenceLocator: string }[] }[];
    };
    expect(spdx.spdxVersion).toBe('SPDX-2.3');
    expect(
      spdx.packages.map(({ name, externalRefs }) => [name, externalRefs[0]!.referenceLocator]),
    ).toEqual([
      ['@acme/tar', 'pkg:npm/%40acme/tar@1.0.0'],
      ['minimist', 'pkg:npm/minimist@1.2.5'],
    ]);
  });

  it('says what it found, one for each package', () => {
    const rule = (id: string, purls: string[], severity: string, fixed: string) => ({
      id,
      name: 'OsPackageVulnerability',
      helpUri: 'https://example.com/advisory',
      shortDescription: { text: `${id}: Prototype pollution` },
      properties: { cvssV3_severity: severity, fixed_version: fixed, purls },
    });
    const rules = [
      rule('CVE-2021-44906', ['pkg:npm/minimist@1.2.5'], 'CRITICAL', '1.2.6'),
      rule('CVE-1', ['pkg:npm/%40acme/tar@1.0.0'], 'UNSPECIFIED', 'not fixed'),
      rule('CVE-2', ['pkg:deb/debian/tar@1.35%2Bdfsg-3.1?os_name=debian'], 'LOW', 'not fixed'),
    ];
    const report = JSON.stringify({ runs: [{ tool: { driver: { rules } } }] });
    const found = dockerScout.parseFindings(`    i New version available\n${report}`, 'sbom');
    expect(found).toEqual([
      finding({ id: 'CVE-2021-44906', aliases: [] }),
      finding({
        ...{ id: 'CVE-1', aliases: [], severity: 'unknown', fixedIn: [] },
        ...{ package: '@acme/tar', version: '1.0.0' },
      }),
      finding({
        ...{ id: 'CVE-2', aliases: [], severity: 'low', fixedIn: [] },
        ...{ package: 'tar', version: '1.35+dfsg-3.1' },
      }),
    ]);
    expect(() => dockerScout.parseFindings('no report', 'sbom')).toThrow();
    expect(() => dockerScout.parseFindings('{}', 'sbom')).toThrow();
  });
});

describe('trivy', () => {
  it('is asked without a download, and with the database that is given', () => {
    expect(trivy.update!({ program: 'trivy', databaseFolder: undefined }).args).toEqual([
      'image',
      '--download-db-only',
      '--quiet',
    ]);
    const given = { program: 'trivy', databaseFolder: '/db' };
    const how = ['--format', 'json', '--quiet', '--scanners', 'vuln'];
    const offline = ['--skip-db-update', '--skip-java-db-update', '--offline-scan'];
    expect(trivy.scan(given, SBOM)).toEqual({
      file: 'trivy',
      args: ['sbom', ...how, ...offline, SBOM.file, '--cache-dir', '/db'],
    });
    expect(trivy.scan(given, IMAGE).args).toEqual([
      ...['image', ...how, ...offline, '--image-src', 'docker', IMAGE.reference],
      ...['--cache-dir', '/db'],
    ]);
  });

  it('says which database it has, and what it found', () => {
    const version =
      '{ "Version": "0.74.0", "VulnerabilityDB": { "Version": 2, "UpdatedAt": "2026-11-27T06:14:00Z" } }';
    expect(trivy.parseState([version])).toEqual({
      version: '0.74.0',
      database: '2 of 2026-11-27T06:14:00Z',
    });
    expect(() => trivy.parseState(['{ "Version": "0.74.0" }'])).toThrow();
    const report = {
      Results: [
        { Target: 'debian', Class: 'os-pkgs' },
        {
          Target: 'Node.js',
          Vulnerabilities: [
            {
              VulnerabilityID: 'CVE-2021-44906',
              VendorIDs: ['GHSA-xvch-5gv4-984h'],
              PkgName: 'minimist',
              InstalledVersion: '1.2.5',
              FixedVersion: '1.2.6, 0.2.4',
              Severity: 'CRITICAL',
              Title: 'Prototype pollution',
              PrimaryURL: 'https://example.com/advisory',
            },
          ],
        },
      ],
    };
    expect(trivy.parseFindings(JSON.stringify(report), 'sbom')).toEqual([
      finding({
        id: 'CVE-2021-44906',
        aliases: ['GHSA-xvch-5gv4-984h'],
        fixedIn: ['1.2.6', '0.2.4'],
      }),
    ]);
    expect(trivy.parseFindings('{ "SchemaVersion": 2 }', 'sbom')).toEqual([]);
  });
});

it.each([
  ['Critical', 'critical'],
  ['HIGH', 'high'],
  ['Negligible', 'low'],
  ['', 'unknown'],
  ['Severe', 'unknown'],
])('severity %j is %s', (text, severity) => {
  expect(parseSeverity(text)).toBe(severity);
});

it('sorts by severity, and names what the SBOM and the image both have once', () => {
  const low = finding({ severity: 'low', id: 'CVE-9' });
  expect(sortFindings([finding({ foundIn: 'image' }), low, finding()])).toEqual([finding(), low]);
  expect(sortFindings([finding(), finding({ foundIn: 'image' })])).toEqual([finding()]);
});

const EXCEPTIONS = `exceptions:
  - id: CVE-2021-44906
    package: minimist
    services: [orders]
    reason: Arguments are our own.
    until: 2026-12-31
`;

describe('parseExceptions', () => {
  it('reads exceptions with the place of each', () => {
    expect(parseExceptions(EXCEPTIONS, ['orders'])).toEqual({
      problems: [],
      exceptions: [
        {
          id: 'CVE-2021-44906',
          package: 'minimist',
          services: ['orders'],
          reason: 'Arguments are our own.',
          until: '2026-12-31',
          place: 'scan-exceptions.yml:2',
        },
      ],
    });
    expect(parseExceptions(undefined, [])).toEqual({ exceptions: [], problems: [] });
  });

  it.each([
    [
      'exceptions:\n  - id: CVE-2021-1\n    until: 2026-12-31\n',
      2,
      /"exceptions\[0\]\.reason" is missing: Why it does no harm/,
    ],
    ['exceptions:\n  - id: CVE-2021-1\n    reason: ""\n    until: 2026-12-31\n', 3, /is empty/],
    ['exceptions:\n  - id: CVE-2021-1\n    reason: x\n', 2, /until" is missing: The last day/],
    ['exceptions:\n  - id: CVE-2021-1\n    reason: x\n    until: 2026-13-01\n', 4, /not a date/],
    ['exceptions:\n  - id: CVE-2021-1\n    reason: x\n    until: soon\n', 4, /not a date/],
    [
      'exceptions:\n  - id: minimist\n    reason: x\n    until: 2026-12-31\n',
      2,
      /not the id of a vulnerability/,
    ],
    [
      'exceptions:\n  - id: CVE-2021-1\n    reson: x\n    reason: x\n    until: 2026-12-31\n',
      3,
      /unknown key "exceptions\[0\]\.reson"; did you mean "reason"\?/,
    ],
    [
      EXCEPTIONS.replace('[orders]', '[order]'),
      4,
      /"order" is not a service; did you mean "orders"\?/,
    ],
    [EXCEPTIONS.replace('[orders]', '[]'), 4, /names no service/],
    [
      `${EXCEPTIONS}${EXCEPTIONS.split('\n').slice(1).join('\n')}`,
      7,
      /same exception for CVE-2021-44906 is at scan-exceptions\.yml:2/,
    ],
    [
      'exception:\n',
      1,
      /"exceptions" is missing|unknown key "exception"; did you mean "exceptions"/,
    ],
    ['- id: x\n', 1, /the file holds a list/],
    ['exceptions: [\n', 2, /not valid YAML/],
  ])('refuses %j', (text, line, message) => {
    const { problems } = parseExceptions(text, ['orders']);
    expect(problems[0]).toMatchObject({ file: 'scan-exceptions.yml', line });
    expect(problems[0]!.message).toMatch(message);
  });
});

describe('judge', () => {
  const { exceptions } = parseExceptions(EXCEPTIONS, ['orders']);
  const rules: GateRules = {
    service: 'orders',
    failOn: 'high',
    onlyFixed: false,
    exceptions: [],
    today: '2026-11-27',
  };
  const verdict = (facts: Partial<Finding>, more: Partial<GateRules>) =>
    judge([finding(facts)], { ...rules, ...more })[0]!.verdict;

  it.each<[Partial<Finding>, Partial<GateRules>, string]>([
    [{}, {}, 'fails'],
    [{ severity: 'high' }, {}, 'fails'],
    [{ severity: 'medium' }, {}, 'reported'],
    [{ severity: 'medium' }, { failOn: 'medium' }, 'fails'],
    [{ severity: 'unknown' }, { failOn: 'low' }, 'reported'],
    [{}, { failOn: 'never' }, 'reported'],
    [{ fixedIn: [] }, {}, 'fails'],
    [{ fixedIn: [] }, { onlyFixed: true }, 'reported'],
    [{}, { exceptions }, 'accepted'],
    [{}, { exceptions, today: '2026-12-31' }, 'accepted'],
    [{}, { exceptions, today: '2027-01-01' }, 'fails'],
    [{}, { exceptions, service: 'users' }, 'fails'],
    [{ package: 'mkdirp' }, { exceptions }, 'fails'],
    [{ aliases: [] }, { exceptions }, 'fails'],
    [{ id: 'cve-2021-44906', aliases: [] }, { exceptions }, 'accepted'],
  ])('%j by %j %s', (facts, more, expected) => {
    expect(verdict(facts, more)).toBe(expected);
  });

  it('prefers an exception that is not over', () => {
    const [one] = exceptions;
    const over = { ...one!, until: '2026-01-01', place: 'scan-exceptions.yml:9' };
    expect(acceptanceOf(finding(), 'orders', [over, one!], '2026-11-27')).toEqual({
      exception: one,
      isOver: false,
    });
  });

  it('shows what fails and what is accepted, and says why it failed', () => {
    const all = [
      finding(),
      finding({
        id: 'CVE-2',
        aliases: [],
        fixedIn: [],
        severity: 'high',
        foundIn: 'image',
        package: 'zlib',
      }),
      finding({ id: 'CVE-3', aliases: [], severity: 'low' }),
    ];
    const judged = judge(all, { ...rules, exceptions });
    expect(findingRows(judged)).toEqual([
      [
        'critical',
        'GHSA-xvch-5gv4-984h',
        'minimist 1.2.5',
        'fixed in 1.2.6',
        'service',
        'accepted until 2026-12-31 (scan-exceptions.yml:2)',
      ],
      ['high', 'CVE-2', 'zlib 1.2.5', 'no fix', 'image', ''],
      ['others', '1 low'],
    ]);
    expect(whyFailed(judged, rules)).toBe(
      'orders has 1 vulnerability of severity high or above, 0 of them with a fix. Update these packages, or accept one for a time in scan-exceptions.yml: an "id", a "reason" and "until"',
    );
    const over = judge(all, { ...rules, exceptions, today: '2027-01-01' });
    expect(findingRows(over)[0]!.at(-1)).toBe(
      'accepted until 2026-12-31, which is over (scan-exceptions.yml:2)',
    );
    expect(whyFailed(judge([finding({ severity: 'low' })], rules), rules)).toBeUndefined();
  });

  it('is SARIF in which an accepted vulnerability is suppressed with its reason', () => {
    const judged = judge(
      [finding(), finding({ id: 'CVE-2', aliases: [], severity: 'medium', title: '' })],
      {
        ...rules,
        exceptions,
      },
    );
    const log = JSON.parse(
      formatSarif({
        scanner: { name: 'grype', version: '0.121.2' },
        service: 'orders',
        file: 'apps/orders/service.yml',
        judged,
      }),
    ) as { version: string; runs: Record<string, unknown>[] };
    expect(log.version).toBe('2.1.0');
    expect(log.runs).toMatchObject([
      {
        automationDetails: { id: 'docker-scan/orders/' },
        tool: {
          driver: {
            name: 'grype',
            version: '0.121.2',
            rules: [
              { id: 'GHSA-xvch-5gv4-984h', properties: { 'security-severity': '9.5' } },
              { id: 'CVE-2', shortDescription: { text: 'CVE-2' } },
            ],
          },
        },
        results: [
          {
            ruleId: 'GHSA-xvch-5gv4-984h',
            level: 'error',
            suppressions: [{ kind: 'external', justification: 'Arguments are our own.' }],
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'apps/orders/service.yml' },
                  region: { startLine: 1 },
                },
              },
            ],
          },
          { ruleId: 'CVE-2', level: 'warning' },
        ],
      },
    ]);
    expect((log.runs[0]!['results'] as object[])[1]).not.toHaveProperty('suppressions');
  });
});
