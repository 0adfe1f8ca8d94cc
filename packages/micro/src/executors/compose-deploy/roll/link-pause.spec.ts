import { expect, it } from 'vitest';
import { linkPauseOf } from './link-pause';

it.each([
  ['6.18.44-cloud-amd64', 0],
  ['6.18.0', 0],
  ['7.0.1', 0],
  ['6.17.9', 1100],
  ['5.15.0-91-generic', 1100],
  ['4.18.0-553.el8_10.x86_64', 1100],
  ['', 1100],
  ['of its own', 1100],
])('a container that is reconnected on Linux %s waits %i ms', (kernel, pause) => {
  expect(linkPauseOf(kernel)).toBe(pause);
});
