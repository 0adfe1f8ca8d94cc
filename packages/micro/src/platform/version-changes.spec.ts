import { expect, it } from 'vitest';
import { formatServer, parseServerImage, postgresFolder } from './server-image';
import { refuseChange, VERSION_FACTS } from './version-changes';

it.each([
  ['postgres:17-bookworm', 'PostgreSQL 17'],
  ['postgres:17.5', 'PostgreSQL 17'],
  ['docker.io/library/postgres:18@sha256:abc', 'PostgreSQL 18'],
  ['postgres:19beta1-trixie', 'PostgreSQL 19'],
  ['postgis/postgis:17-3.5', 'PostgreSQL 17'],
  ['pgvector/pgvector:0.8.0-pg18', 'PostgreSQL 18'],
  ['pgvector/pgvector:pg17', 'PostgreSQL 17'],
  ['timescale/timescaledb:2.17.2-pg16', 'PostgreSQL 16'],
  ['registry.example.com:5000/mirror/mysql:8.4', 'MySQL 8.4'],
  ['mysql:8', 'MySQL 8'],
  ['mariadb:11.4', 'MariaDB 11.4'],
  ['mongo:8.0', 'MongoDB 8.0'],
  ['mongodb/mongodb-community-server:8.0-ubi9', 'MongoDB 8.0'],
  ['redis:7-bookworm', 'Redis 7'],
  ['valkey/valkey:9.0-alpine', 'Valkey 9.0'],
  ['rabbitmq:4.1-management', 'RabbitMQ 4.1'],
  ['rabbitmq:3-management', 'RabbitMQ 3'],
])('%s runs %s', (image, server) => {
  expect(formatServer(parseServerImage(image)!)).toBe(server);
});

it.each([
  'postgres',
  'postgres:latest',
  'postgres@sha256:abc',
  'postgres:bookworm',
  'timescale/timescaledb:2.17.2',
  'localhost:5000/orders:17',
  'orders-postgres:17',
  'redis:7b3f1c',
  'redis:7beta',
])('recognises no product in %s', (image) => {
  expect(parseServerImage(image)).toBeUndefined();
});

it.each([
  ['postgres:15', '/var/lib/postgresql/data'],
  ['postgres:17-bookworm', '/var/lib/postgresql/data'],
  ['postgres:18', '/var/lib/postgresql'],
  ['postgres:18.1-alpine', '/var/lib/postgresql'],
  ['postgres:19beta1', '/var/lib/postgresql'],
  ['postgres:18rc1-alpine', '/var/lib/postgresql'],
  ['postgres:latest', '/var/lib/postgresql/data'],
])('%s keeps its data in %s', (image, folder) => {
  expect(postgresFolder(image)).toBe(folder);
});

it.each([
  // Seen: 15.18, 17.12 and 18.6.
  ['postgres:17-bookworm', 'postgres:18', 'PostgreSQL 18 cannot read the files of PostgreSQL 17'],
  ['postgres:18', 'postgres:17', 'PostgreSQL 17 cannot read the files of PostgreSQL 18'],
  ['postgres:15', 'postgis/postgis:17-3.5', 'PostgreSQL 17 cannot read the files of PostgreSQL 15'],
  [
    'mariadb:11.4',
    'mariadb:10.11',
    'MariaDB 10.11 does not start on data of the newer MariaDB 11.4',
  ],
  ['mariadb:11.8', 'mariadb:11.4', 'MariaDB 11.4 does not start on data of the newer MariaDB 11.8'],
  ['mysql:8.4', 'mysql:8.0', 'MySQL 8.0 does not start on data of the newer MySQL 8.4'],
  ['mysql:8.0', 'mysql:9.7', 'MySQL 9.7 does not upgrade data of MySQL 8.0'],
  ['mysql:5.7', 'mysql:8.4', 'MySQL 8.4 does not upgrade data of MySQL 5.7'],
  ['mysql:8.3', 'mysql:9.0', 'MySQL 9.0 does not upgrade data of MySQL 8.3'],
  ['mysql:8.4', 'mariadb:11.4', 'MariaDB cannot read the files of MySQL'],
  ['mongo:6.0', 'mongo:8.0', 'MongoDB 8.0 does not start on data of MongoDB 6.0'],
  ['mongo:6', 'mongo:8', 'MongoDB 8 does not start on data of MongoDB 6'],
  ['mongo:7.0', 'mongo:8.2', 'MongoDB 8.2 does not start on data of MongoDB 7.0'],
  ['mongo:8.0', 'mongo:7.0', 'MongoDB 7.0 does not start on data of the newer MongoDB 8.0'],
  // Seen: 3.10.8, 4.0.5 and 4.3.6.
  ['rabbitmq:3.10', 'rabbitmq:4.0', 'RabbitMQ 4.0 does not start on data of RabbitMQ 3.10'],
  ['rabbitmq:3.12', 'rabbitmq:4.1', 'RabbitMQ 4.1 does not start on data of RabbitMQ 3.12'],
  [
    'rabbitmq:3.13-management',
    'rabbitmq:4.1',
    'RabbitMQ 4.1 does not start on data of RabbitMQ 3.13 unless all its feature flags are enabled',
  ],
  [
    'rabbitmq:3',
    'rabbitmq:4',
    'RabbitMQ 4 does not start on data of RabbitMQ 3 unless all its feature flags are enabled',
  ],
  ['rabbitmq:4.3', 'rabbitmq:4.0', 'RabbitMQ 4.0 does not start on data of the newer RabbitMQ 4.3'],
  ['rabbitmq:4.1', 'nats:2.12-alpine', 'NATS cannot read the files of RabbitMQ'],
  // Seen: Redis 7.0.15 and 8.0.6, Valkey 8.1.1 and 9.1.2.
  ['redis:8.0', 'redis:7.0', 'Redis 7.0 cannot read the files of Redis 8.0'],
  ['redis:8.0', 'valkey/valkey:8.1', 'Valkey 8.1 cannot read the files of Redis 8.0'],
  ['redis:8', 'valkey/valkey:9', 'Valkey 9 cannot read the files of Redis 8'],
  ['redis:7-bookworm', 'valkey/valkey:8', 'Valkey 8 cannot read the files of Redis 7'],
  ['valkey/valkey:8.1', 'redis:7.0', 'Redis 7.0 cannot read the files of Valkey 8.1'],
  ['valkey/valkey:9.1', 'redis:8.0', 'Redis 8.0 cannot read the files of Valkey 9.1'],
  ['valkey/valkey:9.1', 'valkey/valkey:8.1', 'Valkey 8.1 cannot read the files of Valkey 9.1'],
])('%s to %s: %s', (from, to, says) => {
  expect(refuseChange(parseServerImage(from)!, parseServerImage(to)!)?.says).toBe(says);
});

it.each([
  ['postgres:17-bookworm', 'postgres:17.5-alpine'],
  ['postgres:17', 'pgvector/pgvector:pg17'],
  ['mariadb:10.11', 'mariadb:11.4'],
  ['mariadb:11.4.2', 'mariadb:11.4.1'],
  ['mysql:8.0', 'mysql:8.4'],
  ['mysql:8.4', 'mysql:9.7'],
  ['mysql:8.0', 'mysql:8.3'],
  ['mysql:8', 'mysql:8.4'],
  ['mongo:7.0', 'mongo:8.0'],
  ['mongo:8.0', 'mongo:8.2'],
  ['rabbitmq:4.0', 'rabbitmq:4.3'],
  ['rabbitmq:4', 'rabbitmq:4.1'],
  ['redis:7.0', 'redis:8.0'],
  ['redis:7-bookworm', 'redis:7-alpine'],
  ['redis:7.2', 'valkey/valkey:8.1'],
  ['redis:7.0', 'valkey/valkey:9.1'],
  ['valkey/valkey:8.1', 'valkey/valkey:9.1'],
  ['valkey/valkey:8.1', 'redis:8.0'],
])('%s to %s is not judged', (from, to) => {
  expect(refuseChange(parseServerImage(from)!, parseServerImage(to)!)).toBeUndefined();
});

it('names the versions to go through', () => {
  const advice = (from: string, to: string) =>
    refuseChange(parseServerImage(from)!, parseServerImage(to)!)?.advice;
  expect(advice('mysql:5.7', 'mysql:9.7')).toBe('go through 8.0, 8.4 first, one after the other');
  expect(advice('rabbitmq:3.10', 'rabbitmq:4.1')).toContain('go through 3.11, 3.12, 3.13 first');
  expect(advice('mongo:5.0', 'mongo:8.0')).toContain('featureCompatibilityVersion after each');
});

it('gives a source for each fact', () => {
  expect(VERSION_FACTS.filter(({ source }) => source.length < 20)).toEqual([]);
});

it.each([
  ['nats:2.12-alpine', 'rabbitmq:4.1'],
  ['redis:7-bookworm', 'nats:2.12-alpine'],
  ['rabbitmq:4.1', 'redis:7-bookworm'],
  ['apache/kafka:4.4.0', 'nats:2.12-alpine'],
  ['rabbitmq:4.1', 'apache/kafka:4.4.0'],
])('asks for an empty broker before another one takes its place: %s, %s', (...images) => {
  const [from, to] = images.map((image) => parseServerImage(image)!);
  expect(refuseChange(from!, to!)?.advice).toBe(
    'wait until no event is left in its queues (see "Another broker" in docs/events.md), and remove that container',
  );
});
