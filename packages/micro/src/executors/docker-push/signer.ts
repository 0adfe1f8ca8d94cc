import type { AnyEnvironment } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import type { SigningIdentity } from '../../platform/verify';
import { formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';

/** Who signs: a key as cosign's `--key` takes it, whose password is in COSIGN_PASSWORD, or an identity without a key. */
export type Signer =
  | { kind: 'key'; key: string }
  /** The one that the environment demands, in the file with this name. */
  | { kind: 'keyless'; identity: SigningIdentity; file: string };

interface SignerOptions {
  signKey?: string;
  signKeyless?: boolean;
}

/**
 * Without a key, only what an environment demands is signed, so that the option may be set for all environments.
 *
 * @throws {UserError} if a key is given, too.
 */
export function chosenSigner(
  { service, say }: ServiceTask,
  { signKey, signKeyless }: SignerOptions,
  environment: AnyEnvironment,
): Signer | undefined {
  if (signKey !== undefined && signKeyless === true) {
    throw new UserError('"signKey" and "signKeyless" are both set: choose one of them');
  }
  if (signKey !== undefined) return { kind: 'key', key: signKey };
  if (signKeyless !== true) return undefined;
  const { verify } = environment;
  if (verify && 'identity' in verify) {
    return { kind: 'keyless', identity: verify, file: environment.file };
  }
  const why = `"verify" of ${environment.file} names no identity that signs without a key`;
  say(formatStep(service.name, 'not signed', why));
  return undefined;
}

/** Whose signature it is, for people. */
export function nameOf(signer: Signer): string {
  return signer.kind === 'key' ? signer.key : signer.identity.identity;
}
