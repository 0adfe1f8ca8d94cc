import { expect, it } from 'vitest';
import { runningContainer } from '../../../testing/running-container';
import { outdatedNeeds } from './make-plan';

const db = (image: string) => runningContainer({ name: 'acme-db-1', service: 'db', image });
const needs = new Map([
  ['db', 'postgres:17'],
  ['users', 'acme/users:k-2'],
  ['built', undefined],
]);

it.each([
  ['of the image that its entry names', db('postgres:17'), []],
  [
    'of another one',
    db('postgres:16'),
    [{ name: 'acme-db-1', service: 'db', image: 'postgres:16', wanted: 'postgres:17' }],
  ],
  ['of a service that it consumes', runningContainer({ service: 'users', image: 'a' }), []],
  ['whose entry names none', runningContainer({ service: 'built', image: 'a' }), []],
  ['that it does not need', runningContainer({ service: 'cache', image: 'redis:7' }), []],
])('a container %s', (_, container, outdated) => {
  expect(outdatedNeeds(needs, ['users'], [container])).toEqual(outdated);
});
