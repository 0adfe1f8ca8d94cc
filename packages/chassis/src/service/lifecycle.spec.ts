import { expect, it } from 'vitest';
import { Lifecycle } from './lifecycle.js';

it('goes from starting to ready to stopping', () => {
  const lifecycle = new Lifecycle();
  expect(lifecycle.state).toBe('starting');
  lifecycle.ready();
  expect(lifecycle.state).toBe('ready');
  lifecycle.stop();
  expect(lifecycle.state).toBe('stopping');
});

it('does not become ready while stopping', () => {
  const lifecycle = new Lifecycle();
  lifecycle.stop();
  lifecycle.ready();
  expect(lifecycle.state).toBe('stopping');
});
