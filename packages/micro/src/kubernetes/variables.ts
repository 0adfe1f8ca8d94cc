import type { ComposeEntry } from '../deployment/entry';
import { SECRETS_FOLDER, secretVariables } from '../deployment/secrets';
import { writtenValue } from '../deployment/written-value';
import type { Container, Variable, Volume } from './container';

/** Where the values of an entry come from that no file may hold: one Secret, named as the entry. */
export interface SecretKeys {
  /** Variables whose value is filled in, such as one with a password. */
  variables: readonly string[];
  /** Secrets that the service reads from files. */
  files: readonly string[];
}

export interface ContainerSettings {
  env: Variable[];
  volumes: Volume[];
  mounts: NonNullable<Container['volumeMounts']>;
  secret: SecretKeys;
}

/**
 * What a container is told. A value that Compose would fill in from `.env` or the machine that deploys is a key of the
 * entry's Secret; all others are written as they are.
 *
 * @param written the entry with nothing filled in.
 * @param own variables of the environment, which replace those of the entry.
 * @param files secrets of the environment, which the service finds by `X_FILE`.
 */
export function settingsOf(
  name: string,
  written: ComposeEntry,
  own: Readonly<Record<string, string>> = {},
  files: readonly string[] = [],
): ContainerSettings {
  const given = { ...own, ...secretVariables(files) };
  const inherited = Object.entries((written['environment'] ?? {}) as Record<string, unknown>)
    .filter(([variable]) => !(variable in given) && !files.includes(variable))
    .map(([variable, value]) => [variable, writtenValue(value)] as const);
  const filled = inherited.filter(([, value]) => value.kind === 'filled').map(([one]) => one);
  const literal = [
    ...inherited.flatMap(([one, value]) => (value.kind === 'literal' ? [[one, value.text]] : [])),
    // `$(NAME)` would be another variable, and `$$` one dollar.
    ...Object.entries(given).map(([one, text]) => [one, text.replaceAll('$', '$$$$')]),
  ] as [string, string][];
  const env = [
    ...literal.map(([one, value]): Variable => ({ name: one, value })),
    ...filled.map((one): Variable => ({
      name: one,
      valueFrom: { secretKeyRef: { name, key: one } },
    })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  const volume: Volume = {
    name: 'secrets',
    secret: {
      secretName: name,
      items: files.map((key) => ({ key, path: key })),
      defaultMode: 0o440,
    },
  };
  return {
    env,
    secret: { variables: filled.sort(), files: [...files].sort() },
    volumes: files.length > 0 ? [volume] : [],
    mounts:
      files.length > 0 ? [{ name: 'secrets', mountPath: SECRETS_FOLDER, readOnly: true }] : [],
  };
}
