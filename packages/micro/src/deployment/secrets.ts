import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../platform/secret';
import { UserError } from '../platform/user-error';
import type { ComposeEntry } from './entry';

/*
 * Compose itself cannot do this: a secret of a `file` is a bind mount, which another engine does not have; one of
 * `environment` is refused if a container cannot write to its root (docker/compose#12531), and newer versions put it in
 * only if they start the container themselves, which a roll does later. So each container has a volume of its own
 * there, which is filled before it starts and removed with it.
 */
export const SECRETS_FOLDER = '/run/secrets';

/** The key of {@link secretsLabel}. It is stored beside the secrets: whoever can read it can read them too. */
export const SECRETS_KEY_FILE = `${SECRETS_FOLDER}/.key`;

const KEY_BYTES = 32;

/** The part of an entry's label that changes with the secrets' values. */
const LABEL = 'secret-values';

/** The secrets of one service, as they are now. */
export interface ServiceSecrets {
  values: ReadonlyMap<string, Secret>;
  key: Secret;
}

export function newSecretsKey(): Secret {
  return new Secret(randomBytes(KEY_BYTES).toString('hex'));
}

/** Parses a key that was read from a container; `undefined` if it is not one. */
export function parseSecretsKey(text: string | undefined): Secret | undefined {
  return text !== undefined && new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}$`).test(text)
    ? new Secret(text)
    : undefined;
}

/** The variables of an entry for its secrets: the file of each, never its value. */
export function secretVariables(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`${name}_FILE`, `${SECRETS_FOLDER}/${name}`]));
}

/** The secrets that an entry wants, sorted. */
export function secretNames(entry: ComposeEntry): string[] {
  return Object.entries((entry['environment'] ?? {}) as Record<string, unknown>)
    .flatMap(([variable, value]) => {
      const name = variable.replace(/_FILE$/, '');
      return name !== variable && value === `${SECRETS_FOLDER}/${name}` ? [name] : [];
    })
    .sort();
}

/**
 * A rendered entry without the variables that its secrets replace, because a service accepts only one of the two.
 * Compose's own `!reset` keeps what a third file sets (tried with v2.26).
 */
export function withoutReplaced(entry: ComposeEntry): ComposeEntry {
  const names = secretNames(entry);
  if (names.length === 0) return entry;
  const variables = Object.entries(entry['environment'] as Record<string, unknown>);
  return {
    ...entry,
    environment: Object.fromEntries(variables.filter(([name]) => !names.includes(name))),
  };
}

/**
 * The part of an entry's label that changes when a secret's value does: an HMAC. Labels are visible to more people than
 * files in containers, and a plain hash of a short value could be guessed. The key of 256 bits is in no label; it is
 * stored with the secrets, where any machine that deploys finds it.
 *
 * @param names the secrets of the container; all of them by default.
 */
export function secretsLabel(
  { values, key }: ServiceSecrets,
  names: readonly string[] = [...values.keys()],
): string {
  const hmac = createHmac('sha256', key.reveal());
  for (const name of [...names].sort()) {
    const value = values.get(name)!.reveal();
    hmac.update(`${name} ${value.length} `).update(value);
  }
  return `${LABEL}=${hmac.digest('hex').slice(0, 8)}`;
}

/** The part of a container's label that {@link secretsLabel} gave it; empty if there is none. */
export function secretsPart(entryLabel: string): string {
  return entryLabel.split(' ').find((part) => part.startsWith(`${LABEL}=`)) ?? '';
}

/** An entry's label without the part for its secrets, by which releases are compared. */
export function withoutSecrets(entryLabel: string): string {
  return entryLabel
    .split(' ')
    .filter((part) => !part.startsWith(`${LABEL}=`))
    .join(' ');
}

/** An entry's label with the part of its secrets. */
export function withSecrets(entryLabel: string, part: string): string {
  return [entryLabel, part].filter(Boolean).join(' ');
}

/** A file in {@link SECRETS_FOLDER} of a container. */
export interface SecretFile {
  path: string;
  mode: number;
  content: Secret;
}

/**
 * The files for {@link SECRETS_FOLDER} of each new container: the secrets, which its user can read, and the key, which
 * only root can read. Empty if the entry has no secret.
 *
 * @throws {UserError} if a secret is missing from `secrets`, which can happen with an earlier release.
 */
export function secretFiles(
  entry: ComposeEntry,
  secrets: ServiceSecrets | undefined,
  missing: (names: string) => string,
): SecretFile[] {
  const names = secretNames(entry);
  if (names.length === 0) return [];
  const unknown = names.filter((name) => !secrets?.values.has(name));
  if (!secrets || unknown.length > 0) throw new UserError(missing(unknown.join(', ')));
  return [
    ...names.map((path) => ({
      path,
      mode: 0o444,
      content: secrets.values.get(path)!,
    })),
    { path: '.key', mode: 0o400, content: secrets.key },
  ];
}
