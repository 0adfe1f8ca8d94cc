import { addMissingSecrets, ENV_FILE } from '../../effects/env-file';
import { readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';

export const ENV_USAGE = `usage: micro env

  Writes each password and key that the compose files of this workspace need and .env lacks, as a
  random value. What .env already has stays as it is. Compose reads the file; keep it out of git.

  There are no options.
`;

/** `micro env`: adds each missing password and key; existing ones stay. */
export async function envCommand(
  args: readonly string[],
  { workspaceRoot, say }: Shell,
): Promise<number> {
  readOptions(args, {}, ENV_USAGE);
  const added = await addMissingSecrets(workspaceRoot, readWorkspacePlatform(workspaceRoot));
  say(added.length === 0 ? `${ENV_FILE} is complete` : `${ENV_FILE}: added ${added.join(', ')}`);
  return 0;
}
