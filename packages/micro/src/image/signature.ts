import type { Command } from '../docker/command';
import type { Verify } from '../platform/verify';

/** Asks whether an image was signed by whom it should be. A key of ours is enough: no public log is asked. */
export function verifyCommand(reference: string, by: Verify): Command {
  return { file: 'cosign', args: ['verify', ...verifyFlags(by), '--output', 'json', reference] };
}

/** The type of predicate under which cosign keeps an SBOM of CycloneDX. */
const SBOM_TYPE = 'cyclonedx';

/** Asks whether an image has an SBOM that was attested by whom it should be. Prints it. */
export function verifySbomCommand(reference: string, by: Verify): Command {
  return {
    file: 'cosign',
    args: ['verify-attestation', '--type', SBOM_TYPE, ...verifyFlags(by), reference],
  };
}

function verifyFlags(by: Verify): string[] {
  return 'key' in by
    ? ['--key', by.key, '--insecure-ignore-tlog=true']
    : ['--certificate-identity', by.identity, '--certificate-oidc-issuer', by.issuer];
}

/**
 * Signs an image. With a key, no public log is told about it. Without one, cosign takes the identity that the pipeline or a
 * login gives it, and a public authority and log (Fulcio and Rekor of Sigstore) keep for which digest it was used.
 *
 * @param hasSigningConfig whether this cosign would take its services from a configuration in the internet by itself, as
 *   version 3 does.
 */
export function signCommand(
  reference: string,
  key: string | undefined,
  hasSigningConfig: boolean,
): Command {
  return {
    file: 'cosign',
    args: ['sign', ...signFlags(key, hasSigningConfig), reference],
  };
}

/**
 * Attaches an SBOM to an image as an attestation: signed, and about this digest. cosign adds another one each time.
 *
 * @param sbom a file of CycloneDX.
 * @param hasSigningConfig as for `signCommand`.
 */
export function attestSbomCommand(
  reference: string,
  key: string | undefined,
  sbom: string,
  hasSigningConfig: boolean,
): Command {
  const what = ['--type', SBOM_TYPE, '--predicate', sbom];
  return {
    file: 'cosign',
    args: ['attest', ...signFlags(key, hasSigningConfig), ...what, reference],
  };
}

function signFlags(key: string | undefined, hasSigningConfig: boolean): string[] {
  if (key === undefined) return ['--yes'];
  const config = hasSigningConfig ? ['--use-signing-config=false'] : [];
  return ['--yes', '--key', key, '--tlog-upload=false', ...config];
}

/** Prints the public key that belongs to a private one. */
export function publicKeyCommand(key: string): Command {
  return { file: 'cosign', args: ['public-key', '--key', key] };
}

/** Prints the flags that this cosign knows; `sign` and `attest` have those about services in common. */
export const SIGN_HELP: Command = { file: 'cosign', args: ['sign', '--help'] };

/**
 * What the exit code of a verification says (cmd/cosign/errors of cosign): 10 to 13 are no signature, none for this
 * digest, none by this key or identity. Any other means that cosign could not tell.
 */
export function verdictOf(exitCode: number): 'signed' | 'not signed' | 'unknown' {
  if (exitCode === 0) return 'signed';
  return exitCode >= 10 && exitCode <= 13 ? 'not signed' : 'unknown';
}

/** `keys/cosign.pub`, or the identity: whose signature is missing. */
export function signerOf(by: Verify): string {
  return 'key' in by ? by.key : by.identity;
}

/** Whether a key is a file, and not the address of one in a key store. */
export function isKeyFile(key: string): boolean {
  return !key.includes('://');
}
