import { expect, it } from 'vitest';
import { parseDatastores, splitNames } from './datastore-names';

it('accepts common names', () => {
  expect(parseDatastores(['postgres', 'redis', 'pubsub=redis', 'rate-limit = redis'])).toEqual({
    datastores: { database: 'postgres', cache: 'redis', pubsub: 'redis', 'rate-limit': 'redis' },
    problems: [],
  });
  expect(splitNames(['postgres, redis', 'redis'])).toEqual(['postgres', 'redis']);
  expect(splitNames(undefined)).toEqual([]);
});

it('says everything that is wrong', () => {
  const { problems } = parseDatastores([
    'postgress',
    'mysql',
    'mariadb',
    'cash=redis',
    'cache=mysql',
  ]);
  expect(problems).toEqual([
    '"postgress" is not a datastore; did you mean "postgres"?',
    'A service has one database: choose mysql or mariadb',
    '"cash" is not a purpose of a datastore; did you mean "cache"?',
    'mysql cannot be the cache of a service; it takes redis',
  ]);
});
