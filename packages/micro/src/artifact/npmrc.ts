import { allowedSources, type AllowedSources } from './npm-sources';

/**
 * What decides whether a lockfile is accepted. Every version reads what it knows, and passes over the rest.
 * npm's age gate (`min-release-age`, `before`) is not among them: it was for whoever wrote the lockfile. `npm ci` holds a
 * locked package against it only if the lockfile has no `resolved`, and then does not know the exceptions
 * (findings/npm-age-gate-of-a-lockfile.sh), so an image could not be built that the workspace has installed.
 */
const POLICIES: readonly string[] = [
  'allow-directory',
  'allow-file',
  'allow-git',
  'allow-remote',
  'engine-strict',
  'legacy-peer-deps',
  'minimum-release-age',
  'minimum-release-age-exclude[]',
  'replace-registry-host',
  'strict-dep-builds',
  'strict-peer-deps',
  'trust-policy',
  'trust-policy-exclude[]',
];

/**
 * The lines of the workspace's `.npmrc` that an image's installation needs: where packages come from, and what decides
 * whether the lockfile is accepted. Credentials stay out; a build is given them as the secret `npmrc`.
 *
 * @returns `undefined` if nothing is left.
 * @throws if the address of a registry contains a credential.
 */
export function pruneNpmrc(text: string): string | undefined {
  const kept = readSettings(text).flatMap(({ line, key, value }) => {
    if (isRegistry(key)) {
      addressWithoutCredentials(value, `.npmrc:${line}`);
      return [`${key}=${value}`];
    }
    return POLICIES.includes(key) ? [`${key}=${value}`] : [];
  });
  return kept.length > 0 ? `${kept.join('\n')}\n` : undefined;
}

/** Whether the workspace tells npm to leave peers alone, as npm 6 did: its lockfile then has none. */
export function ignoresPeers(npmrc: string | undefined): boolean {
  return readSettings(npmrc ?? '').some(
    ({ key, value }) => key === 'legacy-peer-deps' && value !== 'false',
  );
}

/** What the workspace lets npm 12 fetch from elsewhere than a registry. */
export function readAllowedSources(npmrc: string | undefined): AllowedSources {
  const settings = new Map(readSettings(npmrc ?? '').map(({ key, value }) => [key, value]));
  return allowedSources((key) => settings.get(key));
}

/** @throws if the address is one with a user or a password. */
export function addressWithoutCredentials(address: string, place: string): string {
  const { username = '', password = '' } = URL.canParse(address) ? new URL(address) : {};
  if (username === '' && password === '') return address;
  throw new Error(
    `${place}: the address of the registry contains a credential, which would stay in the image: remove it, and pass it to the build as the secret "npmrc"`,
  );
}

function isRegistry(key: string): boolean {
  return key === 'registry' || /^@[^:]+:registry$/.test(key);
}

interface Setting {
  /** 1-based. */
  line: number;
  key: string;
  value: string;
}

/** The lines `key = value` of an ini file, of which npm reads no sections. */
function readSettings(text: string): Setting[] {
  return text.split(/\r?\n/).flatMap((written, index): Setting[] => {
    const line = written.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) return [];
    const equals = line.indexOf('=');
    const key = (equals < 0 ? line : line.slice(0, equals)).trim();
    const value = equals < 0 ? 'true' : line.slice(equals + 1).trim();
    return [{ line: index + 1, key, value: value.replace(/^(["'])(.*)\1$/, '$2') }];
  });
}
