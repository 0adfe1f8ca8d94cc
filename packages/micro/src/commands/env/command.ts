import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { OBSERVABILITY_COMPOSE_FILE } from '../../compose/paths';
import { missingSecrets } from '../../compose/env-secrets';
import { fileReader, writeWhole } from '../../effects/files';
import type { Platform } from '../../platform/platform';
import type { ReadFile } from '../../platform/workspace';
import { readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';

/** Compose reads it from the folder of compose.yaml; git ignores it. */
export const ENV_FILE = '.env';

export const ENV_USAGE = `usage: micro env

  Writes each password and key that the compose files of this workspace need and .env lacks, as a
  random value. What .env already has stays as it is. Compose reads the file; keep it out of git.

  There are no options.
`;

/** The passwords and keys that the workspace's compose files need and `.env` lacks. */
export function missingSecretsOf(platform: Platform, read: ReadFile): string[] {
  const isObserved = read(OBSERVABILITY_COMPOSE_FILE) !== undefined;
  return missingSecrets(platform, read(ENV_FILE) ?? '', isObserved);
}

/** `micro env`: adds each missing password and key; existing ones stay. */
export async function envCommand(
  args: readonly string[],
  { workspaceRoot, say }: Shell,
): Promise<number> {
  readOptions(args, {}, ENV_USAGE);
  const platform = readWorkspacePlatform(workspaceRoot);
  const read = fileReader(workspaceRoot);
  const text = read(ENV_FILE) ?? '';
  const missing = missingSecretsOf(platform, read);
  if (missing.length === 0) {
    say(`${ENV_FILE} is complete`);
    return 0;
  }
  const lines = missing.map((name) => `${name}=${randomBytes(24).toString('hex')}\n`);
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  await writeWhole(join(workspaceRoot, ENV_FILE), text + separator + lines.join(''), 0o600);
  say(`${ENV_FILE}: added ${missing.join(', ')}`);
  return 0;
}
