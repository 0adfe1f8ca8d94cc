import { expect, it } from 'vitest';
import { inspectNetworksArguments } from './network';

it('asks for several networks at once', () => {
  expect(inspectNetworksArguments(['edge', 'backend'])).toEqual([
    ...['network', 'inspect', 'edge', 'backend'],
  ]);
});
