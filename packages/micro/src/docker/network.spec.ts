import { expect, it } from 'vitest';
import { inspectNetworkArguments } from './network';

it('asks for one network', () => {
  expect(inspectNetworkArguments('edge')).toEqual(['network', 'inspect', 'edge']);
});
