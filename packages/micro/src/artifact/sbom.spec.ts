import { describe, expect, it } from 'vitest';
import { declaredLicense } from './installed-package';
import { lockedPackages } from './locked-packages';
import { formatSbom, type SbomPackage } from './sbom';

const one = (facts: Partial<SbomPackage>): SbomPackage => ({
  name: 'ms',
  version: '2.1.3',
  license: 'MIT',
  isIn: 'bundle',
  isOptional: false,
  ...facts,
});

const componentsOf = (packages: SbomPackage[]) =>
  (
    JSON.parse(formatSbom({ service: 'orders', packages, imports: new Map() })) as {
      components: Record<string, unknown>[];
    }
  ).components;

describe('formatSbom', () => {
  it('is a CycloneDX document without time or serial number, in an order of its own', () => {
    const packages = [one({ name: '@acme/z' }), one({}), one({ name: 'Aa', version: '1.0.0+b' })];
    const imports = new Map([
      ['orders', ['ms@2.1.3', '@acme/z@2.1.3']],
      ['@acme/z@2.1.3', ['ms@2.1.3']],
    ]);
    const text = formatSbom({ service: 'orders', packages, imports });
    expect(formatSbom({ service: 'orders', packages: packages.toReversed(), imports })).toBe(text);
    expect(JSON.parse(text)).toEqual({
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: {
        tools: { components: [{ type: 'application', group: '@org', name: 'micro' }] },
        component: { type: 'application', name: 'orders', 'bom-ref': 'orders' },
      },
      components: ['pkg:npm/%40acme/z@2.1.3', 'pkg:npm/aa@1.0.0+b', 'pkg:npm/ms@2.1.3'].map(
        (purl, index) => ({
          type: 'library',
          ...(index === 0 ? { group: '@acme' } : {}),
          name: ['z', 'Aa', 'ms'][index],
          version: ['2.1.3', '1.0.0+b', '2.1.3'][index],
          'bom-ref': ['@acme/z@2.1.3', 'Aa@1.0.0+b', 'ms@2.1.3'][index],
          scope: 'required',
          licenses: [{ license: { id: 'MIT', acknowledgement: 'declared' } }],
          purl,
          properties: [{ name: 'micro:location', value: 'app/main.js' }],
        }),
      ),
      dependencies: [
        { ref: 'orders', dependsOn: ['@acme/z@2.1.3', 'ms@2.1.3'] },
        { ref: '@acme/z@2.1.3', dependsOn: ['ms@2.1.3'] },
      ],
    });
  });

  it('names a package once that is in the bundle and installed, too', () => {
    expect(
      componentsOf([one({ isIn: 'node_modules', isOptional: true }), one({})]).map(
        ({ scope, properties }) => ({ scope, properties }),
      ),
    ).toEqual([
      {
        scope: 'required',
        properties: [
          { name: 'micro:location', value: 'app/main.js' },
          { name: 'micro:location', value: 'app/node_modules' },
        ],
      },
    ]);
  });

  it.each([
    ['MIT', { license: { id: 'MIT', acknowledgement: 'declared' } }],
    ['(MIT OR Apache-2.0)', { expression: '(MIT OR Apache-2.0)', acknowledgement: 'declared' }],
    [
      'SEE LICENSE IN LICENSE.md',
      { license: { name: 'SEE LICENSE IN LICENSE.md', acknowledgement: 'declared' } },
    ],
    ['UNLICENSED', { license: { name: 'UNLICENSED', acknowledgement: 'declared' } }],
  ])('states the licence "%s"', (license, expected) => {
    expect(componentsOf([one({ license })])[0]!['licenses']).toEqual([expected]);
  });

  it('claims no licence and no version for a package that declares none', () => {
    const [component] = componentsOf([one({ license: undefined, version: undefined })]);
    expect(component).toMatchObject({ purl: 'pkg:npm/ms' });
    expect(Object.keys(component!)).not.toContain('licenses');
    expect(Object.keys(component!)).not.toContain('version');
  });
});

describe('declaredLicense', () => {
  it.each([
    [{ license: 'ISC' }, 'ISC'],
    [{ license: { type: 'BSD-3-Clause', url: 'x' } }, 'BSD-3-Clause'],
    [{ licenses: [{ type: 'MIT' }, { type: 'GPL-2.0' }] }, 'MIT OR GPL-2.0'],
    [{ licenses: ['MIT'] }, 'MIT'],
    [{ license: '' }, undefined],
    [{ license: null }, undefined],
    [{}, undefined],
  ])('of %j is %j', (manifest, expected) => {
    expect(declaredLicense({ name: 'a', ...manifest })).toBe(expected);
  });
});

describe('lockedPackages', () => {
  const expected = [
    ['@img/sharp-linux-x64', '0.34.1', true],
    ['ms', '2.1.3', false],
    ['real', '1.0.0', false],
  ];
  it.each([
    [
      'package-lock.json',
      JSON.stringify({
        lockfileVersion: 3,
        packages: {
          '': { dependencies: {} },
          'node_modules/ms': { version: '2.1.3', os: ['!win32'] },
          'node_modules/a/node_modules/alias': { name: 'real', version: '1.0.0' },
          'node_modules/@img/sharp-linux-x64': {
            version: '0.34.1',
            os: ['linux'],
            cpu: ['x64'],
            optional: true,
          },
          'node_modules/@img/sharp-darwin-x64': { version: '0.34.1', os: ['darwin'] },
        },
      }),
    ],
    [
      'pnpm-lock.yaml',
      `lockfileVersion: '9.0'
packages:
  ms@2.1.3: { resolution: { integrity: x } }
  real@file:real.tgz: { resolution: { tarball: file:real.tgz }, version: 1.0.0 }
  '@img/sharp-linux-x64@0.34.1': { os: [linux], cpu: [x64] }
  '@img/sharp-darwin-x64@0.34.1': { os: [darwin] }
snapshots:
  ms@2.1.3(peer@1.0.0): {}
  real@file:real.tgz: {}
  '@img/sharp-linux-x64@0.34.1': { optional: true }
`,
    ],
    [
      'yarn.lock',
      `__metadata: { version: 8 }
"image@workspace:.": { version: 0.0.0-use.local, resolution: "image@workspace:." }
"ms@npm:2.1.3": { version: 2.1.3, resolution: "ms@npm:2.1.3" }
"alias@npm:real@1.0.0": { version: 1.0.0, resolution: "real@npm:1.0.0" }
"@img/sharp-linux-x64@npm:0.34.1": { version: 0.34.1, resolution: "@img/sharp-linux-x64@npm:0.34.1", conditions: os=linux & cpu=x64 & libc=glibc }
"@img/sharp-darwin-x64@npm:0.34.1": { version: 0.34.1, resolution: "@img/sharp-darwin-x64@npm:0.34.1", conditions: os=darwin }
`,
    ],
    [
      'bun.lock',
      `{ "packages": {
  "ms": ["ms@2.1.3", "", {}, "sha512"],
  "alias": ["real@1.0.0", "", {}, "sha512"],
  "@img/sharp-linux-x64": ["@img/sharp-linux-x64@0.34.1", "", { "os": "linux", "cpu": "x64" }, "sha512"],
  "@img/sharp-darwin-x64": ["@img/sharp-darwin-x64@0.34.1", "", { "os": "darwin" }, "sha512"],
} }`,
    ],
  ])('reads %s, without packages for other systems', (name, text) => {
    expect(
      lockedPackages({ 'package.json': '{}', [name]: text })
        .map(({ name, version, isOptional }) => [name, version, isOptional])
        .sort(),
    ).toEqual(expected);
  });

  it('is empty if nothing is installed', () => {
    expect(lockedPackages({ 'package.json': '{}' })).toEqual([]);
  });
});
