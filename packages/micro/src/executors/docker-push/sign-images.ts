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
import type { Verify } from '../../platform/verify';
import { UserError } from '../../platform/user-error';
import { formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';
import { nameOf, type Signer } from './signer';

/** An image in the registry, and whether this run pushed it. */
export interface PushedImage {
  /** `registry.example.com/acme/orders@sha256:…` */
  reference: string;
  isOurs: boolean;
}

/**
 * Signs what this run pushed, unless the signer has signed it already. An image that was in the registry before and has no
 * signature of the signer is not signed: anyone with access to the registry could have put it there, labels included.
 * What is signed gets the SBOM as an attestation, unless it has one by the signer.
 *
 * @param sbom relative to the workspace root; nothing if the build wrote none.
 * @throws {UserError} if an image cannot or must not be signed.
 */
export async function signImages(
  { runner, service, say }: ServiceTask,
  signer: Signer,
  images: readonly PushedImage[],
  sbom: string | undefined,
): Promise<void> {
  const run = async (command: Command): Promise<string> => {
    const { exitCode, stdout, stderr } = await runner.run(command);
    if (exitCode === 0) return stdout;
    const hint =
      signer.kind === 'key'
        ? 'The password of the key is read from COSIGN_PASSWORD'
        : 'Without a key, cosign needs a token of the pipeline (GitHub: "id-token: write"; GitLab: SIGSTORE_ID_TOKEN), and Sigstore in the internet';
    throw new UserError(`"${formatCommand(command)}" failed: ${reasonIn(stderr)}. ${hint}`);
  };
  const key = signer.kind === 'key' ? signer.key : undefined;
  let help: Promise<string> | undefined;
  const hasSigningConfig = async () =>
    key !== undefined && (await (help ??= run(SIGN_HELP))).includes('--use-signing-config');

  const sign = async ({ reference, isOurs }: PushedImage, by: Verify) => {
    const { exitCode, stderr } = await runner.run(verifyCommand(reference, by));
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
        `${reference} was in the registry before, without a signature of ${nameOf(signer)}, and is not signed now: it may be of someone else. If you know that it is yours, sign it once with "${formatCommand(command)}"; otherwise delete it there and push again`,
      );
    }
    await run(command);
    if (signer.kind === 'keyless') await requireIdentity(reference, signer);
    say(formatStep(service.name, 'signed', reference));
  };

  /** Only the certificate of the signature says who signed. */
  const requireIdentity = async (
    reference: string,
    { identity, file }: Extract<Signer, { kind: 'keyless' }>,
  ) => {
    const { exitCode, stderr } = await runner.run(verifyCommand(reference, identity));
    if (verdictOf(exitCode) === 'signed') return;
    throw new UserError(
      `${reference} was signed, but not by ${identity.identity} of ${identity.issuer}, which "verify" of ${file} demands (${reasonIn(stderr)}): push from the pipeline that it names, or correct it`,
    );
  };

  const attest = async (reference: string, by: Verify, file: string) => {
    const { exitCode, stderr } = await runner.run(verifySbomCommand(reference, by));
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

  const signAll = async (by: Verify) => {
    for (const image of images) {
      await sign(image, by);
      if (sbom !== undefined) await attest(image.reference, by, sbom);
    }
  };

  if (signer.kind === 'keyless') return signAll(signer.identity);
  await withTemporaryFolder(async (folder) => {
    const publicKey = join(folder, 'cosign.pub');
    await writeWhole(publicKey, await run(publicKeyCommand(signer.key)));
    await signAll({ key: publicKey });
  });
}
