import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { saysNoAttestation } from '../docker/error-patterns';
import {
  isKeyFile,
  signerOf,
  verdictOf,
  verifyCommand,
  verifySbomCommand,
} from '../image/signature';
import { UserError } from '../platform/user-error';
import type { Verify } from '../platform/verify';
import type { Runner } from './process';

export interface SignatureContext {
  workspaceRoot: string;
  runner: Runner;
  environment: { file: string; verify?: Verify | undefined };
}

/**
 * Checks an image's signature, and that it has an SBOM of the same signer, as far as the environment demands them.
 *
 * @param reference with a digest: a tag may name another image by the time it is pulled.
 * @throws {UserError} if one of them is missing or not by whom the environment says, or if that cannot be told.
 */
export async function requireSigned(
  { workspaceRoot, runner, environment: { file, verify } }: SignatureContext,
  reference: string,
): Promise<void> {
  if (verify === undefined) return;
  if ('key' in verify && isKeyFile(verify.key) && !existsSync(resolve(workspaceRoot, verify.key))) {
    throw new UserError(`${file}: verify.key: there is no file ${verify.key}`);
  }
  if (!reference.includes('@sha256:')) {
    throw new UserError(
      `${reference} has no digest, so its signature cannot be checked, which "verify" of ${file} demands`,
    );
  }
  const demand = `which "verify" of ${file} demands`;
  const { exitCode, stderr } = await runner.run(verifyCommand(reference, verify));
  const verdict = verdictOf(exitCode);
  if (verdict !== 'signed') {
    const reason = reasonIn(stderr);
    throw new UserError(
      verdict === 'not signed'
        ? `${reference} is not signed by ${signerOf(verify)}, ${demand} (${reason}). Nothing was changed. Push it with docker-push and "${signOption(verify)}", or find out who pushed it`
        : `it cannot be told whether ${reference} is signed by ${signerOf(verify)}, ${demand}: ${reason}`,
    );
  }
  if (verify.sbom !== true) return;
  const sbom = await runner.run(verifySbomCommand(reference, verify));
  const found = attestationVerdictOf(sbom.exitCode, sbom.stderr);
  if (found === 'attested') return;
  const reason = reasonIn(sbom.stderr);
  throw new UserError(
    found === 'not attested'
      ? `${reference} has no SBOM by ${signerOf(verify)}, ${demand} (${reason}). Nothing was changed. Run docker-push with "${signOption(verify)}" again: it attaches the SBOM of the build, and pushes nothing that is there`
      : `it cannot be told whether ${reference} has an SBOM by ${signerOf(verify)}, ${demand}: ${reason}`,
  );
}

/** The option of docker-push by which such an image is signed. */
function signOption(verify: Verify): string {
  return 'key' in verify ? 'signKey' : 'signKeyless';
}

/** What the check of an attestation says. It ends with exit code 1 whatever is wrong, so its words decide. */
export function attestationVerdictOf(
  exitCode: number,
  stderr: string,
): 'attested' | 'not attested' | 'unknown' {
  if (exitCode === 0) return 'attested';
  return saysNoAttestation(stderr) ? 'not attested' : 'unknown';
}

/** The last line of cosign's complaint that says something new. */
export function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => line.match(/^Error: (.+?):? *$/)?.[1] ?? []);
  return lines.at(-1) ?? (stderr.trim().split('\n').at(-1) || 'cosign gives no reason');
}
