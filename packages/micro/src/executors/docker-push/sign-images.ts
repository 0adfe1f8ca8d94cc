import { join } from 'node:path';
import { formatCommand, type Command } from '../../docker/command';
import { withTemporaryFolder, writeWhole } from '../../effects/files';
import { reasonIn } from '../../effects/signatures';
import {
  publicKeyCommand,
  SIGN_HELP,
  signCommand,
  verdictOf,
  verifyCommand,
} from '../../image/signature';
import { UserError } from '../../platform/user-error';
import { formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';

/** An image in the registry, and whether this run pushed it. */
export interface PushedImage {
  /** `registry.example.com/acme/orders@sha256:…` */
  reference: string;
  isOurs: boolean;
}

/**
 * Signs what this run pushed, unless the key has signed it already. An image that was in the registry before and has no
 * signature of the key is not signed: anyone with access to the registry could have put it there, labels included.
 *
 * @param key as cosign's `--key` takes it; its password is in COSIGN_PASSWORD.
 * @throws {UserError} if an image cannot or must not be signed.
 */
export async function signImages(
  { runner, service, say }: ServiceTask,
  key: string,
  images: readonly PushedImage[],
): Promise<void> {
  const run = async (command: Command): Promise<string> => {
    const { exitCode, stdout, stderr } = await runner.run(command);
    if (exitCode === 0) return stdout;
    throw new UserError(
      `"${formatCommand(command)}" failed: ${reasonIn(stderr)}. The password of the key is read from COSIGN_PASSWORD`,
    );
  };
  await withTemporaryFolder(async (folder) => {
    const publicKey = join(folder, 'cosign.pub');
    await writeWhole(publicKey, await run(publicKeyCommand(key)));
    for (const { reference, isOurs } of images) {
      const { exitCode, stderr } = await runner.run(verifyCommand(reference, { key: publicKey }));
      const verdict = verdictOf(exitCode);
      if (verdict === 'signed') continue;
      if (verdict === 'unknown') {
        throw new UserError(
          `it cannot be told whether ${reference} is signed already: ${reasonIn(stderr)}`,
        );
      }
      const help = await run(SIGN_HELP);
      const command = signCommand(reference, key, help.includes('--use-signing-config'));
      if (!isOurs) {
        throw new UserError(
          `${reference} was in the registry before, without a signature of ${key}, and is not signed now: it may be of someone else. If you know that it is yours, sign it once with "${formatCommand(command)}"; otherwise delete it there and push again`,
        );
      }
      await run(command);
      say(formatStep(service.name, 'signed', reference));
    }
  });
}
