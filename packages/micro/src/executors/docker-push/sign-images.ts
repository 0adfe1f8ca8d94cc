import { join } from 'node:path';
import { formatCommand, type Command } from '../../docker/command';
import { withTemporaryFolder, writeWhole } from '../../effects/files';
import { attestationVerdictOf, reasonIn } from '../../effects/signatures';
import {
  attestSbomCommand,
  publicKeyCommand,
  SIGN_HELP,
  signCommand,
  verdictOf,
  verifyCommand,
  verifySbomCommand,
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
 * What is signed gets the SBOM as an attestation, unless it has one by the key.
 *
 * @param key as cosign's `--key` takes it; its password is in COSIGN_PASSWORD.
 * @param sbom relative to the workspace root; nothing if the build wrote none.
 * @throws {UserError} if an image cannot or must not be signed.
 */
export async function signImages(
  { runner, service, say }: ServiceTask,
  key: string,
  images: readonly PushedImage[],
  sbom: string | undefined,
): Promise<void> {
  const run = async (command: Command): Promise<string> => {
    const { exitCode, stdout, stderr } = await runner.run(command);
    if (exitCode === 0) return stdout;
    throw new UserError(
      `"${formatCommand(command)}" failed: ${reasonIn(stderr)}. The password of the key is read from COSIGN_PASSWORD`,
    );
  };
  let help: Promise<string> | undefined;
  const hasSigningConfig = async () =>
    (await (help ??= run(SIGN_HELP))).includes('--use-signing-config');

  const sign = async ({ reference, isOurs }: PushedImage, publicKey: string) => {
    const { exitCode, stderr } = await runner.run(verifyCommand(reference, { key: publicKey }));
    const verdict = verdictOf(exitCode);
    if (verdict === 'signed') return;
    if (verdict === 'unknown') {
      throw new UserError(
        `it cannot be told whether ${reference} is signed already: ${reasonIn(stderr)}`,
      );
    }
    const command = signCommand(reference, key, await hasSigningConfig());
    if (!isOurs) {
      throw new UserError(
        `${reference} was in the registry before, without a signature of ${key}, and is not signed now: it may be of someone else. If you know that it is yours, sign it once with "${formatCommand(command)}"; otherwise delete it there and push again`,
      );
    }
    await run(command);
    say(formatStep(service.name, 'signed', reference));
  };

  const attest = async (reference: string, publicKey: string, file: string) => {
    const { exitCode, stderr } = await runner.run(verifySbomCommand(reference, { key: publicKey }));
    const verdict = attestationVerdictOf(exitCode, stderr);
    if (verdict === 'attested') return;
    if (verdict === 'unknown') {
      throw new UserError(
        `it cannot be told whether ${reference} has an SBOM already: ${reasonIn(stderr)}`,
      );
    }
    await run(attestSbomCommand(reference, key, file, await hasSigningConfig()));
    say(formatStep(service.name, 'SBOM attached', reference));
  };

  await withTemporaryFolder(async (folder) => {
    const publicKey = join(folder, 'cosign.pub');
    await writeWhole(publicKey, await run(publicKeyCommand(key)));
    for (const image of images) {
      await sign(image, publicKey);
      if (sbom !== undefined) await attest(image.reference, publicKey, sbom);
    }
  });
}
