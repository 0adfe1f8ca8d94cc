import { expect, it } from 'vitest';
import { serviceNamed } from '../platform/platform';
import { formatProblem } from '../platform/problem';
import { parseYaml } from '../platform/yaml-source';
import { platformOf } from '../testing/platform';
import { imageChangeProblems, mountProblems } from './datastore-problems';

const FILES = {
  root: 'compose.yaml',
  own: 'apps/orders/compose.yaml',
  overlay: 'environments/production.compose.yaml',
};
const DOCS = '"New versions" in docs/datastores.md of @org/micro';

type Texts = Partial<Record<keyof typeof FILES, string>>;

const sourcesOf = (texts: Texts) =>
  Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [
      key,
      parseYaml(FILES[key as keyof typeof FILES], text).source,
    ]),
  );
const orders = serviceNamed(
  platformOf({
    orders: 'port: 3001\nbroker: rabbitmq\ndatastores: { database: postgres, cache: redis }',
  }),
  'orders',
);
const database = (keys: string) => `services:\n  orders-database:\n    ${keys}\n`;

const mounts = (texts: Texts) => mountProblems(orders, sourcesOf(texts)).map(formatProblem);

it.each([
  [
    'the image of 18 with the volume of before',
    { own: database('image: postgres:18\n    volumes:\n      - data:/var/lib/postgresql/data') },
    `${FILES.own}:5: the image of PostgreSQL 18 does not start with a volume at /var/lib/postgresql/data: mount a new volume at /var/lib/postgresql. Data of another version goes there by "micro backup" and "micro restore": ${DOCS}`,
  ],
  [
    'the long form, and an image of the environment',
    {
      own: database(
        'image: postgres:17\n    volumes: [{ source: d, target: /var/lib/postgresql/data/ }]',
      ),
      overlay: database('image: postgres:18-alpine'),
    },
    `${FILES.own}:4: the image of PostgreSQL 18 does not start`,
  ],
  [
    'the image of 17 with the volume of 18',
    { own: database('image: postgres:17\n    volumes: [data:/var/lib/postgresql]') },
    `${FILES.own}:4: the image of PostgreSQL 17 keeps its data in /var/lib/postgresql/data, in a volume without a name that is lost with the container: mount a new volume at /var/lib/postgresql/data`,
  ],
])('%s is a problem', (_, texts, problem) => {
  expect(mounts(texts)).toEqual([expect.stringContaining(problem)]);
});

it.each([
  ['17 as generated', database('image: postgres:17\n    volumes: [data:/var/lib/postgresql/data]')],
  ['18 as generated', database('image: postgres:18\n    volumes: [data:/var/lib/postgresql]')],
  [
    'a folder of their own',
    database(
      'image: postgres:18\n    environment: { PGDATA: /var/lib/postgresql/data/x }\n    volumes: [data:/var/lib/postgresql/data]',
    ),
  ],
  [
    'a folder in a list',
    database(
      'image: postgres:18\n    environment: [PGDATA=/var/lib/postgresql/data/x]\n    volumes: [data:/var/lib/postgresql/data]',
    ),
  ],
  ['no volume', database('image: postgres:18')],
  [
    'an image of their own',
    database('image: acme/db:18\n    volumes: [data:/var/lib/postgresql/data]'),
  ],
])('%s is none', (_, own) => {
  expect(mounts({ own })).toEqual([]);
});

const changes = (texts: Texts, service: string, image: string, wanted: string) =>
  imageChangeProblems(orders, sourcesOf(texts), [
    { name: `shop-production-${service}-1`, service, image, wanted },
  ]).map(formatProblem);

it('stops another broker from taking the place of one that runs', () => {
  const root = 'services:\n  broker:\n    image: nats:2.12-alpine\n';
  expect(changes({ root }, 'broker', 'rabbitmq:4.1', 'nats:2.12-alpine')).toEqual([
    `${FILES.root}:3: NATS cannot read the files of RabbitMQ, and shop-production-broker-1 runs rabbitmq:4.1. Put that image back into the entry of broker, or wait until no event is left in its queues (see "Another broker" in docs/events.md), and remove that container: ${DOCS}`,
  ]);
});

it('names the line of the image that cannot take over the data', () => {
  const own = database('image: postgres:18');
  expect(changes({ own }, 'orders-database', 'postgres:17-bookworm', 'postgres:18')).toEqual([
    `${FILES.own}:3: PostgreSQL 18 cannot read the files of PostgreSQL 17, and shop-production-orders-database-1 runs postgres:17-bookworm. Put that image back into the entry of orders-database, or dump the data, give the new server a volume of its own, and restore: ${DOCS}`,
  ]);
  const overlay = database('restart: always\n    image: postgres:18');
  expect(
    changes(
      { own: database('image: postgres:17'), overlay },
      'orders-database',
      'postgres:17',
      'postgres:18',
    ),
  ).toEqual([expect.stringContaining(`${FILES.overlay}:4: PostgreSQL 18`)]);
  const root = 'services:\n  broker:\n    image: rabbitmq:4.1\n';
  expect(changes({ root }, 'broker', 'rabbitmq:3.13', 'rabbitmq:4.1')).toEqual([
    expect.stringContaining(
      'compose.yaml:3: RabbitMQ 4.1 does not start on data of RabbitMQ 3.13 unless all its feature flags are enabled',
    ),
  ]);
});

it('has nothing to say of a cache that keeps nothing', () => {
  const cache = (keys: string) => `services:\n  orders-cache:\n    image: redis:7\n    ${keys}\n`;
  const change = ['orders-cache', 'redis:8', 'redis:7'] as const;
  expect(changes({ own: cache('tmpfs: [/tmp, /data]') }, ...change)).toEqual([]);
  expect(changes({ own: cache('volumes: [cache:/data]') }, ...change)).toEqual([
    expect.stringContaining('Redis 7 cannot read the files of Redis 8'),
  ]);
});
