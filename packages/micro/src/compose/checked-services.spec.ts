import { expect, it } from 'vitest';
import { hasHealthCheck } from '../dockerfile/health-check';
import { isChecked } from './checked-services';

const PLAIN = 'FROM node:24\nCMD ["node", "main.js"]\n';
const CHECKED = 'FROM node:24\nHEALTHCHECK CMD ["node", "check.js"]\n';
const entry = (text: string) => `services:\n  orders:\n    build: { context: ../.. }\n${text}`;

it.each([
  ['nothing', PLAIN, entry(''), false],
  ['the Dockerfile', CHECKED, entry(''), true],
  ['the entry', PLAIN, entry('    healthcheck: { test: [CMD, node, check.js] }\n'), true],
  [
    'the entry, which switches it off',
    CHECKED,
    entry('    healthcheck: { disable: true }\n'),
    false,
  ],
  ['the entry, which says NONE', CHECKED, entry('    healthcheck: { test: [NONE] }\n'), false],
  [
    'the Dockerfile, with times of the entry',
    CHECKED,
    entry('    healthcheck: { interval: 1s }\n'),
    true,
  ],
  [
    'what is merged in',
    PLAIN,
    `x-c: &c { healthcheck: { test: x } }\n${entry('    <<: *c\n')}`,
    true,
  ],
  ['another stage', `${CHECKED.replace('24', '24 AS a')}FROM node:24\n`, entry(''), false],
  [
    'the stage that is built',
    `${CHECKED.replace('24', '24 AS a')}FROM node:24\n`,
    entry('').replace('../..', '../.., target: a'),
    true,
  ],
  ['no compose file yet', CHECKED, undefined, true],
  ['a compose file that cannot be read', CHECKED, 'services: [', true],
  ['an image that nobody here builds', undefined, entry(''), true],
])('a service has a health check with %s', (_, dockerfile, compose, expected) => {
  const imageHasCheck = (target: string | undefined) =>
    dockerfile === undefined || hasHealthCheck(dockerfile, target);
  expect(isChecked('orders', compose, imageHasCheck)).toBe(expected);
});
