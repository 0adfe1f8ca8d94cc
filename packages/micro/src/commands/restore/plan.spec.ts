import { describe, expect, it } from 'vitest';
import { parsePlatform } from '../../platform/platform';
import { runningContainer } from '../../testing/running-container';
import { parseEnvironment } from '../../platform/environment';
import { composePlace } from '../backup/compose-place';
import type { DumpManifest } from '../backup/manifest';
import {
  describeStep,
  planRestore,
  selectDumps,
  stateAfterFailure,
  type CheckedDump,
  type RestoreFacts,
} from './plan';

const manifest: DumpManifest = {
  kind: 'micro-backup',
  file: 'orders-database.pgdump',
  service: 'orders',
  purpose: 'database',
  engine: 'postgres',
  serverVersion: '17.5',
  image: 'postgres:17-bookworm',
  database: 'orders',
  environment: 'production',
  since: '2026-11-21T12:00:00.000Z',
  bytes: 1000,
  sha256: 'a'.repeat(64),
};
const dump: CheckedDump = {
  ...{ manifest, path: '/b/orders-database.pgdump', sha256: manifest.sha256 },
  end: 'of a binary file',
};
const database = runningContainer({
  name: 'shop-orders-database-1',
  service: 'orders-database',
  environment: { POSTGRES_DB: 'orders' },
});
const platform = parsePlatform('shop', [
  {
    name: 'orders',
    root: 'apps/orders',
    file: 'apps/orders/service.yml',
    text: 'port: 3001\ndatastores:\n  database: postgres\n',
  },
]);

const facts = (some: Partial<RestoreFacts> = {}): RestoreFacts => ({
  platform,
  place: composePlace('shop', parseEnvironment('production', 'context: far')),
  containers: [database],
  dumps: [dump],
  serverVersions: new Map([['orders-database', '17.2']]),
  whileRunning: false,
  ...some,
});

const of = (some: Partial<DumpManifest>): Partial<RestoreFacts> => ({
  dumps: [{ ...dump, manifest: { ...manifest, ...some } }],
});

it('restores a dump that fits', () => {
  const { steps, problems } = planRestore(facts());
  expect(problems).toEqual([]);
  expect(steps.map(describeStep)).toEqual([
    'orders-database (postgres, in shop-orders-database-1) is replaced by the backup of production from 2026-11-21T12:00:00.000Z (postgres 17.5)',
  ]);
});

const sqlPlatform = parsePlatform('shop', [
  {
    ...{ name: 'orders', root: 'apps/orders', file: 'apps/orders/service.yml' },
    text: 'port: 3001\ndatastores:\n  database: mariadb\n',
  },
]);

it.each<[string, boolean, string, true | undefined]>([
  ['has its last line', true, 'x;\n-- Dump completed on 2026-11-21 12:00:00\n', undefined],
  ['has its last line without a date', true, 'x;\n\n-- Dump completed\n', undefined],
  ['breaks off', false, 'INSERT INTO item VALUES (1);\n', undefined],
  ['has that line elsewhere', false, '-- Dump completed\nINSERT INTO item', undefined],
  ['was seen to be whole', true, 'INSERT INTO item VALUES (1);\n', true],
])('restores SQL of a dump that %s: %s', (_, isTaken, end, isWhole) => {
  const sql = {
    ...manifest,
    engine: 'mariadb' as const,
    serverVersion: '11.4',
    ...(isWhole && { isWhole }),
  };
  const { steps, problems } = planRestore(
    facts({
      platform: sqlPlatform,
      containers: [{ ...database, environment: { MARIADB_DATABASE: 'orders' } }],
      dumps: [{ ...dump, manifest: sql, end }],
      serverVersions: new Map(),
    }),
  );
  expect(problems.join()).toMatch(isTaken ? /^$/ : /breaks off: a whole dump of mariadb ends with/);
  expect(steps).toHaveLength(isTaken ? 1 : 0);
});

const service = (name: string, state: 'running' | 'paused' | 'exited') =>
  runningContainer({ name: `shop-${name}-1`, service: name, state });

it.each<[string, Partial<RestoreFacts>, RegExp]>([
  [
    'a file that changed',
    { dumps: [{ ...dump, sha256: 'b' }] },
    /was changed after it was dumped: .* b, the/,
  ],
  ['a file that is gone', { dumps: [{ ...dump, sha256: undefined }] }, /pgdump does not exist$/],
  ['a service that left', of({ service: 'gone' }), /^gone-database is not a datastore of this/],
  ['another purpose', of({ purpose: 'cache' }), /^orders-cache is not a datastore/],
  ['another engine', of({ engine: 'mariadb' }), /is postgres, but the dump is from mariadb/],
  ['another database', of({ database: 'shop' }), /from the database "shop", but .* has "orders"/],
  ['an older server', of({ serverVersion: '18.1' }), /from postgres 18.1, but .* older 17.2/],
  ['no container', { containers: [] }, /^orders-database has no running container/],
  [
    'a service that runs',
    { containers: [database, service('orders', 'running')] },
    /^orders is running .* stop it with "docker --context far container stop shop-orders-1"/,
  ],
  [
    'a migration that runs, and a service that is paused',
    { containers: [database, service('orders-migrate', 'running'), service('orders', 'paused')] },
    /stop shop-orders-migrate-1 shop-orders-1"/,
  ],
])('refuses %s', (_, some, problem) => {
  const { steps, problems } = planRestore(facts(some));
  expect(problems).toEqual([expect.stringMatching(problem)]);
  expect(steps).toEqual([]);
});

it.each<[string, Partial<RestoreFacts>]>([
  ['a service that is stopped', { containers: [database, service('orders', 'exited')] }],
  ['others that run', { containers: [database, service('users', 'running')] }],
  [
    'a service that may run',
    { containers: [database, service('orders', 'running')], whileRunning: true },
  ],
])('does not mind %s', (_, some) => {
  expect(planRestore(facts(some)).problems).toEqual([]);
});

it('has all problems at once', () => {
  const dumps = [{ ...dump, sha256: 'b' }, of({ service: 'gone' }).dumps![0]!];
  const containers = [database, service('orders', 'running')];
  expect(planRestore(facts({ dumps, containers })).problems).toHaveLength(3);
});

it.each([
  [[], 1],
  [['orders'], 1],
  [['orders-database'], 1],
])('selects the dumps of %j', (words, count) => {
  expect(selectDumps([dump], words)).toHaveLength(count);
});

it('lists datastores without a dump', () => {
  expect(() => selectDumps([dump], ['order'])).toThrow(
    'no dump in this backup is from "order"; did you mean "orders"?',
  );
});

describe('after a failure', () => {
  const step = { name: 'orders-database', manifest, path: dump.path, container: database };
  const outcome = (stderr: string) => ({ exitCode: 3, stdout: '', stderr });

  it.each([
    ['ERROR:  duplicate key', /still has the old data: .*not committed/],
    ['pg_restore: error: unexpected end of file', /still has the old data/],
    [
      'psql: FATAL: terminating connection\nended by SIGKILL',
      /either the old data or the restored data/,
    ],
    ['', /before it was confirmed\. Restore it again$/],
  ])('of PostgreSQL with %j', (stderr, words) => {
    expect(stateAfterFailure(step, outcome(stderr), undefined)).toMatch(words);
  });

  it('of a restore that broke off', () => {
    expect(stateAfterFailure(step, undefined, undefined)).toMatch(
      /either the old data or the restored data/,
    );
  });

  it.each([
    [
      'npx micro restore copy',
      /is half replaced: .*bring the old data back, run "npx micro restore copy"$/,
    ],
    [undefined, /is half replaced: .*Restore it again$/],
  ])('of MariaDB, with the way back %s', (goBack, words) => {
    const mariadb = { ...step, manifest: { ...manifest, engine: 'mariadb' as const } };
    expect(stateAfterFailure(mariadb, outcome('ERROR 1064'), goBack)).toMatch(words);
  });
});
