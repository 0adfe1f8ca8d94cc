import { expect, test } from 'vitest';
import { parseOsRelease } from './host.js';
import {
  findReleaseSource,
  formatSource,
  parseSourceLines,
  parseSourceStanzas,
} from './sources.js';

const stanzas = `# snapshot
Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://off.example
Suites: bookworm
Components: main
`;

test('deb822 stanzas', () => {
  expect(parseSourceStanzas(stanzas)).toEqual([
    {
      uris: ['http://mirror.example/debian'],
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main', 'contrib'],
      signedBy: '/usr/share/keyrings/debian.gpg',
    },
    {
      uris: ['http://mirror.example/security'],
      suites: ['bookworm-security'],
      components: ['main'],
    },
  ]);
});

test('one-line sources', () => {
  const text = [
    '# deb http://off.example bookworm main',
    'deb-src http://mirror.example/debian bookworm main',
    'deb [arch=amd64 signed-by=/k.gpg trusted=yes] http://mirror.example/debian bookworm main # ours',
    'deb http://mirror.example/debian bookworm-updates main contrib',
  ].join('\n');
  expect(parseSourceLines(text)).toEqual([
    {
      uris: ['http://mirror.example/debian'],
      suites: ['bookworm'],
      components: ['main'],
      signedBy: '/k.gpg',
      trusted: true,
    },
    {
      uris: ['http://mirror.example/debian'],
      suites: ['bookworm-updates'],
      components: ['main', 'contrib'],
    },
  ]);
});

test('another suite from the mirror that serves the release', () => {
  const found = findReleaseSource(parseSourceStanzas(stanzas).reverse(), 'bookworm');
  expect(found && formatSource(found, 'trixie')).toBe(
    `Types: deb
URIs: http://mirror.example/debian
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian.gpg
`,
  );
});

test('a key inside the stanza is kept as a whole', () => {
  const key =
    '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----';
  const [parsed] = parseSourceStanzas(
    `Types: deb\nURIs: http://m\nSuites: stable\nComponents: main\nSigned-By:${key}\n`,
  );
  expect(parsed && parseSourceStanzas(formatSource(parsed, 'stable'))).toEqual([parsed]);
  expect(parsed?.signedBy).toBe(key);
});

test('os-release', () => {
  expect(parseOsRelease('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')).toEqual({
    codename: 'bookworm',
    major: 12,
  });
  expect(parseOsRelease('ID=debian\nVERSION_CODENAME=forky\n')).toEqual({
    codename: 'forky',
    major: Infinity,
  });
  expect(parseOsRelease('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n')).toBeUndefined();
});
