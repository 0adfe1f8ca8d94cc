import { addMissingSecrets, ENV_FILE } from '../../../effects/env-file';
import { fileReader } from '../../../effects/files';
import { findServiceProjects } from '../../../effects/workspace-projects';
import { runsElsewhere } from '../../../platform/environment';
import { readPlatform } from '../../../platform/workspace';
import type { Run } from '../run';

/** The environment of the machine of a person who develops. Elsewhere, passwords are made and kept by people. */
const DEVELOPMENT = 'development';

/** Before a deploy to `development` on this machine: makes passwords that `.env` lacks, as `micro env` does. */
export async function addDevelopmentPasswords({
  workspaceRoot,
  environment,
  mode,
  tell,
}: Run): Promise<void> {
  if (environment.name !== DEVELOPMENT || runsElsewhere(environment)) return;
  if (mode.destination.kind === 'release') return;
  const read = fileReader(workspaceRoot);
  const platform = readPlatform(findServiceProjects(workspaceRoot, read), read);
  const added = await addMissingSecrets(workspaceRoot, platform, process.env);
  if (added.length > 0) tell(`${ENV_FILE}: added ${added.join(', ')}`);
}
