import { describe, expect, it } from 'vitest';
import { ConfigError, readVariables } from '../service/config.js';
import { checkConnectionUrl, connectionUrlProblem, type ConnectionKind } from './connection-url.js';
import { connectionUrl } from './connection-variable.js';

describe('the URL of a connection is accepted', () => {
  it.each<[ConnectionKind, string]>([
    ['postgres', 'postgres://orders:s3cret@orders-database:5432/orders'],
    ['postgres', 'postgresql://orders@[::1]/orders?sslmode=verify-full'],
    ['mysql', 'mariadb://orders:p%25%40ss@db/orders'],
    ['mongodb', 'mongodb://a:27017,b:27017/db?replicaSet=rs0'],
    ['mongodb', 'mongodb://orders:s%2Ccret@a,[::1]:27018,c.example.com/db'],
    ['mongodb', 'mongodb+srv://orders:s3cret@cluster.example.com/db?retryWrites=true'],
    ['redis', 'rediss://:s3cret@cache:6380/2'],
    ['rabbitmq', 'amqp://orders:s3cret@broker:5672/%2F'],
    ['sqs', 'sqs://eu-central-1/shop-production?account=123456789012'],
  ])('%s: %s', (kind, url) => {
    expect(connectionUrlProblem(kind, url)).toBeUndefined();
  });
});

describe('the URL of a connection is refused, without being shown', () => {
  const form = (kind: string) => new RegExp(`^must look like ${kind}://user:password@host`);
  const escape = (part: string) =>
    new RegExp(`^has a "%" in its ${part} that begins no percent escape: write it as %25$`);
  it.each<[ConnectionKind, string, RegExp]>([
    ['postgres', 'orders-database:5432', form('postgres')],
    ['sqs', 'sqs://me:hunter2@eu-central-1/shop', /^must look like sqs:\/\/eu-central-1\/shop/],
    ['postgres', 'mysql://orders:hunter2@db/orders', form('postgres')],
    ['postgres', 'postgres://a:hunter2@a:5432,b:5432/db', form('postgres')],
    ['postgres', 'postgres://orders:hunter2%@db/orders', escape('password')],
    ['mysql', 'mysql://orders:hunter2%zz@db/orders', escape('password')],
    ['mysql', 'mysql://or%ders:hunter2@db/orders', escape('user')],
    ['mongodb', 'mongodb://orders:hunter2@a:27017,b:port/db', form('mongodb')],
    ['mongodb', 'mongodb://orders:hunter2%@a,b/db', escape('password')],
    ['mongodb', 'mongodb://orders:hunter2@/db', form('mongodb')],
    ['redis', 'redis://:hunter2%E0%A4@cache', escape('password')],
    ['rabbitmq', 'amqp://orders:hunter2@broker/%', escape('path')],
    ['rabbitmq', 'http://orders:hunter2@broker', form('amqp')],
  ])('%s: %s', (kind, url, problem) => {
    expect(connectionUrlProblem(kind, url)).toMatch(problem);
    expect(connectionUrlProblem(kind, url)).not.toContain('hunter2');
    expect(() => checkConnectionUrl('database', kind, url)).toThrow(/^the URL of "database" /);
  });
});

it('is reported together with all other problems of the configuration', () => {
  const read = () =>
    readVariables(
      'orders',
      { DATABASE_URL: connectionUrl('postgres'), BROKER_URL: connectionUrl('rabbitmq') },
      { DATABASE_URL: 'postgres://orders:hunter2%@db/orders' },
    );
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(
    'The configuration of orders is not valid:\n' +
      '  DATABASE_URL: has a "%" in its password that begins no percent escape: write it as %25\n' +
      '  BROKER_URL: not set',
  );
});
