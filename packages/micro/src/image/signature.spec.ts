import { describe, expect, it } from 'vitest';
import {
  attestSbomCommand,
  isKeyFile,
  publicKeyCommand,
  signCommand,
  verdictOf,
  verifyCommand,
  verifySbomCommand,
} from './signature';

const REFERENCE = `registry.example.com/acme/orders@sha256:${'a'.repeat(64)}`;

describe('the commands of cosign', () => {
  it('verify by a key, without the public log', () => {
    expect(verifyCommand(REFERENCE, { key: 'keys/cosign.pub' })).toEqual({
      file: 'cosign',
      args: [
        ...['verify', '--key', 'keys/cosign.pub', '--insecure-ignore-tlog=true'],
        ...['--output', 'json', REFERENCE],
      ],
    });
  });

  it('verify by an identity and who vouches for it', () => {
    const by = { identity: 'https://example.com/ci.yml', issuer: 'https://issuer.example.com' };
    expect(verifyCommand(REFERENCE, by).args).toEqual([
      ...['verify', '--certificate-identity', by.identity, '--certificate-oidc-issuer', by.issuer],
      ...['--output', 'json', REFERENCE],
    ]);
  });

  it('verify an SBOM by the same', () => {
    expect(verifySbomCommand(REFERENCE, { key: 'keys/cosign.pub', sbom: true }).args).toEqual([
      ...['verify-attestation', '--type', 'cyclonedx'],
      ...['--key', 'keys/cosign.pub', '--insecure-ignore-tlog=true', REFERENCE],
    ]);
    const by = { identity: 'https://example.com/ci.yml', issuer: 'https://issuer.example.com' };
    expect(verifySbomCommand(REFERENCE, by).args).toEqual([
      ...['verify-attestation', '--type', 'cyclonedx', '--certificate-identity', by.identity],
      ...['--certificate-oidc-issuer', by.issuer, REFERENCE],
    ]);
  });

  it('attach an SBOM, and with version 3 from no configuration in the internet', () => {
    const start = ['attest', '--yes', '--key', 'cosign.key', '--tlog-upload=false'];
    const end = ['--type', 'cyclonedx', '--predicate', 'dist/sbom.cdx.json', REFERENCE];
    const attest = (hasSigningConfig: boolean) =>
      attestSbomCommand(REFERENCE, 'cosign.key', 'dist/sbom.cdx.json', hasSigningConfig);
    expect(attest(false)).toEqual({ file: 'cosign', args: [...start, ...end] });
    expect(attestSbomCommand(REFERENCE, undefined, 'dist/sbom.cdx.json', false).args).toEqual([
      ...['attest', '--yes'],
      ...end,
    ]);
    expect(attest(true).args).toEqual([...start, '--use-signing-config=false', ...end]);
  });

  it('sign, and with version 3 from no configuration in the internet', () => {
    const start = ['sign', '--yes', '--key', 'cosign.key', '--tlog-upload=false'];
    expect(signCommand(REFERENCE, 'cosign.key', false).args).toEqual([...start, REFERENCE]);
    expect(signCommand(REFERENCE, 'cosign.key', true).args).toEqual([
      ...start,
      '--use-signing-config=false',
      REFERENCE,
    ]);
    expect(signCommand(REFERENCE, undefined, false).args).toEqual(['sign', '--yes', REFERENCE]);
    expect(publicKeyCommand('cosign.key').args).toEqual(['public-key', '--key', 'cosign.key']);
  });
});

it.each([
  [0, 'signed'],
  [1, 'unknown'],
  [10, 'not signed'],
  [12, 'not signed'],
  [13, 'not signed'],
  [14, 'unknown'],
  [127, 'unknown'],
])('exit code %i: %s', (exitCode, verdict) => {
  expect(verdictOf(exitCode)).toBe(verdict);
});

it.each([
  ['keys/cosign.pub', true],
  ['awskms:///alias/release', false],
  ['k8s://acme/cosign', false],
])('%s is a file: %s', (key, is) => {
  expect(isKeyFile(key)).toBe(is);
});
