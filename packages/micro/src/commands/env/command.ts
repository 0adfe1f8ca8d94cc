import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { OBSERVABILITY_COMPOSE_FILE } from '../../compose/paths';
import { missingSecrets } from '../../compose/secrets';
import { fileReader, writeWhole } from '../../effects/files';
import type { Platform } from '../../platform/platform';
import type { ReadFile } from '../../platform/workspace';
import { readWorkspacePlatform, type Shell } from '../shell';

/** Compose reads it from beside compose.yaml; git never does. */
export const ENV_FILE = '.env';

export const ENV_USAGE = 'usage: micro env\n';

/** The passwords and keys that the workspace's compose files need and `.env` lacks. */
export function missingSecretsOf(platform: Platform, read: ReadFile): string[] {
  const isObserved = read(OBSERVABILITY_COMPOSE_FILE) !== undefined;
  return missingSecrets(platform, read(ENV_FILE) ?? '', isObserved);
}

/** `micro env`: adds each password and key that is missing; those that are there stay. */
export async function envCommand(
  _args: readonly string[],
  { workspaceRoot, say }: Shell,
): Promise<number> {
  const platform = readWorkspacePlatform(workspaceRoot);
  const read = fileReader(workspaceRoot);
  const text = read(ENV_FILE) ?? '';
  const missing = missingSecretsOf(platform, read);
  if (missing.length === 0) {
    say(`${ENV_FILE} has all that is needed`);
    return 0;
  }
  const lines = missing.map((name) => `${name}=${randomBytes(24).toString('hex')}\n`);
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  await writeWhole(join(workspaceRoot, ENV_FILE), text + separator + lines.join(''), 0o600);
  say(`${ENV_FILE}: added ${missing.join(', ')}`);
  return 0;
}
