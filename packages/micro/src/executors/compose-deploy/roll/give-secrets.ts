import type { Container } from '../../../deployment/container';
import { SECRETS_FOLDER } from '../../../deployment/secrets';
import { putFilesArguments } from '../../../docker/container';
import { runDocker } from '../../../effects/engine';
import type { Roll } from './roll-state';

/**
 * Copies secrets into a container before it starts. They pass through standard input, so they are never on the local
 * disk.
 */
export async function giveSecrets(
  { runner, address, service, secrets }: Pick<Roll, 'runner' | 'address' | 'service' | 'secrets'>,
  created: readonly Container[],
): Promise<void> {
  if (!secrets) return;
  for (const { id, name } of created) {
    const what = `Could not give ${name} the secrets of ${service}`;
    const args = putFilesArguments(id, SECRETS_FOLDER);
    await runDocker(runner, args, address, what, { stdin: secrets.reveal() });
  }
}
