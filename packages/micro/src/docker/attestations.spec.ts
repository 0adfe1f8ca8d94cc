import { expect, it } from 'vitest';
import { withoutAttestations } from './attestations';

it.each([
  [['--provenance=mode=max', '--sbom=true', '--attest=type=sbom'], []],
  [['--provenance', 'mode=max', '--network=host'], ['--network=host']],
  [
    ['--sbom', '--network', 'host'],
    ['--network', 'host'],
  ],
  [
    ['--provenance-of-mine', '--attest=type=provenance', 'mode=max'],
    ['--provenance-of-mine', 'mode=max'],
  ],
])('arguments %j are these without attestations: %j', (args, expected) => {
  expect(withoutAttestations(args)).toEqual(expected);
});
