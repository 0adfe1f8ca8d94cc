import { expect, it } from 'vitest';
import { failure, recordingRunner, type Answer } from '../testing/recording-runner';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import type { Verify } from '../platform/verify';
import { attestationVerdictOf, requireSigned } from './signatures';

const REFERENCE = `registry.example.com/acme/orders:k-1@sha256:${'a'.repeat(64)}`;
const KEY = { key: 'keys/cosign.pub' };
const FILE = 'environments/production.yml';

function check(verify: Verify | undefined, answer?: Answer, reference = REFERENCE) {
  const workspaceRoot = temporaryWorkspace({ 'keys/cosign.pub': 'a key' });
  const runner = recordingRunner(answer);
  const environment = { file: FILE, verify };
  return { runner, work: requireSigned({ workspaceRoot, runner, environment }, reference) };
}

it('asks cosign only if the environment demands signatures', async () => {
  const free = check(undefined);
  await free.work;
  expect(free.runner.lines).toEqual([]);
  const signed = check(KEY);
  await signed.work;
  expect(signed.runner.lines).toEqual([
    `cosign verify --key keys/cosign.pub --insecure-ignore-tlog=true --output json ${REFERENCE}`,
  ]);
  await check({ key: 'awskms:///alias/release' }).work;
});

it('asks for an SBOM, too, if the environment demands one', async () => {
  const { runner, work } = check({ ...KEY, sbom: true });
  await work;
  expect(runner.lines).toEqual([
    `cosign verify --key keys/cosign.pub --insecure-ignore-tlog=true --output json ${REFERENCE}`,
    `cosign verify-attestation --type cyclonedx --key keys/cosign.pub --insecure-ignore-tlog=true ${REFERENCE}`,
  ]);
  const without = check({ ...KEY, sbom: false });
  await without.work;
  expect(without.runner.lines).toHaveLength(1);
});

const sbomAnswer =
  (words: string): Answer =>
  (line) =>
    line.startsWith('cosign verify-attestation') ? failure(words, 1) : undefined;

it.each<[string, () => ReturnType<typeof check>, RegExp]>([
  [
    'there is no signature',
    () =>
      check(KEY, () =>
        failure('WARNING: x\nError: no signatures found\nerror during command\n', 10),
      ),
    /is not signed by keys\/cosign\.pub, which "verify" of environments\/production\.yml demands \(no signatures found\)\. Nothing was changed/,
  ],
  [
    'someone else signed it',
    () =>
      check({ identity: 'ci', issuer: 'https://a.example.com' }, () =>
        failure('Error: none of the expected identities matched\n', 12),
      ),
    /is not signed by ci, .*\(none of the expected identities matched\)/,
  ],
  [
    'the registry is down',
    () => check(KEY, () => failure('Error: dial tcp: connection refused\n', 1)),
    /^it cannot be told whether .* is signed by keys\/cosign\.pub, .*connection refused$/,
  ],
  [
    'the key is not there',
    () => check({ key: 'keys/none.pub' }),
    /^environments\/production\.yml: verify\.key: there is no file keys\/none\.pub$/,
  ],
  [
    'there is no SBOM',
    () =>
      check({ ...KEY, sbom: true }, sbomAnswer('WARNING: x\nError: no matching attestations: \n')),
    /has no SBOM by keys\/cosign\.pub, which "verify" of environments\/production\.yml demands \(no matching attestations\)\. Nothing was changed\. Run docker-push with "signKey" again/,
  ],
  [
    'the registry goes down before the SBOM is asked for',
    () => check({ ...KEY, sbom: true }, sbomAnswer('Error: dial tcp: connection refused\n')),
    /^it cannot be told whether .* has an SBOM by keys\/cosign\.pub, .*connection refused$/,
  ],
  ['it has no digest', () => check(KEY, undefined, 'acme/orders:k-1'), /has no digest/],
])('refuses if %s', async (_, start, message) => {
  await expect(start().work).rejects.toThrow(message);
});

it.each([
  [0, '', 'attested'],
  [1, 'Error: no matching attestations: ', 'not attested'],
  [1, 'Error: dial tcp: connection refused', 'unknown'],
] as const)('exit code %i of an attestation with "%s": %s', (exitCode, words, verdict) => {
  expect(attestationVerdictOf(exitCode, words)).toBe(verdict);
});
