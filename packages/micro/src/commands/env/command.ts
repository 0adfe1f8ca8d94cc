import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { missingSecrets } from '../../compose/secrets';
import { fileReader, writeWhole } from '../../effects/files';
import { readWorkspacePlatform, type Shell } from '../shell';

/** Compose reads it from beside compose.yaml; git never does. */
export const ENV_FILE = '.env';

/** `micro env`: adds a new password for each datastore that has none; those that are there stay. */
export async function envCommand(
  _args: readonly string[],
  { workspaceRoot, say }: Shell,
): Promise<number> {
  const platform = readWorkspacePlatform(workspaceRoot);
  const text = fileReader(workspaceRoot)(ENV_FILE) ?? '';
  const missing = missingSecrets(platform, text);
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
