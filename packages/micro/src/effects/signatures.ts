import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isKeyFile, signerOf, verdictOf, verifyCommand } from '../image/signature';
import { UserError } from '../platform/user-error';
import type { Verify } from '../platform/verify';
import type { Runner } from './process';

export interface SignatureContext {
  workspaceRoot: string;
  runner: Runner;
  environment: { file: string; verify?: Verify | undefined };
}

/**
 * Checks an image's signature, if the environment demands one.
 *
 * @param reference with a digest: a tag may name another image by the time it is pulled.
 * @throws {UserError} if it is not signed by whom the environment says, or if that cannot be told.
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
  const { exitCode, stderr } = await runner.run(verifyCommand(reference, verify));
  const verdict = verdictOf(exitCode);
  if (verdict === 'signed') return;
  const reason = reasonIn(stderr);
  throw new UserError(
    verdict === 'not signed'
      ? `${reference} is not signed by ${signerOf(verify)}, which "verify" of ${file} demands (${reason}). Nothing was changed. Push it with docker-push and "signKey", or find out who pushed it`
      : `it cannot be told whether ${reference} is signed by ${signerOf(verify)}, which "verify" of ${file} demands: ${reason}`,
  );
}

/** The last line of cosign's complaint that says something new. */
export function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => line.match(/^Error: (.+)$/)?.[1] ?? []);
  return lines.at(-1) ?? (stderr.trim().split('\n').at(-1) || 'cosign gives no reason');
}
