import { addMissingSecrets, ENV_FILE, missingSecretsOf } from '../../effects/env-file';
import { fileReader } from '../../effects/files';
import { readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';

export const ENV_USAGE = `usage: micro env [--check]

  Writes each password and key that the compose files of this workspace need and .env lacks, as a
  random value. What .env already has stays as it is. Compose reads the file; keep it out of git.

      --check         write nothing: name what is missing, and end with 1 if anything is
`;

const OPTIONS = { check: { type: 'boolean', default: false } } as const;

/** `micro env`: adds each missing password and key, or only names them; existing ones stay. */
export async function envCommand(
  args: readonly string[],
  { workspaceRoot, say }: Shell,
): Promise<number> {
  const { values } = readOptions(args, OPTIONS, ENV_USAGE);
  const platform = readWorkspacePlatform(workspaceRoot);
  if (values.check) {
    // Compose takes what the process has before what is in the file.
    const missing = missingSecretsOf(platform, fileReader(workspaceRoot)).filter(
      (name) => !process.env[name],
    );
    say(
      missing.length === 0 ? `${ENV_FILE} is complete` : `${ENV_FILE} lacks ${missing.join(', ')}`,
    );
    return missing.length === 0 ? 0 : 1;
  }
  const added = await addMissingSecrets(workspaceRoot, platform);
  say(added.length === 0 ? `${ENV_FILE} is complete` : `${ENV_FILE}: added ${added.join(', ')}`);
  return 0;
}
