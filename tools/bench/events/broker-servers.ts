import {
  kafkaAdapter,
  kafkaContainer,
} from '../../../packages/chassis/src/testing/brokers/kafka.js';
import type { ContainerOptions } from '../../../packages/chassis/src/testing/container.js';

/** A broker of the comparison: how its server is started, and who uses it. */
export interface BenchedBroker {
  title: string;
  /** The name of its own client, as users know it. */
  client: string;
  /** The program that uses this client alone. */
  bare: URL;
  container: ContainerOptions;
  url: (port: number) => string;
}

const USER = { user: 'platform', password: 'hunter2' };
const credentials = `${USER.user}:${USER.password}`;

/** Confirms as in generated entries: what is confirmed is on the disk. */
const NATS_CONFIGURATION = [
  'jetstream { store_dir: "/data", sync_interval: always }',
  `authorization { user: ${USER.user}, password: ${USER.password} }`,
  'http_port: 8222',
].join('\n');

export const BROKERS: readonly BenchedBroker[] = [
  {
    title: 'RabbitMQ',
    client: 'rabbitmq-client',
    bare: new URL('bare-rabbitmq.ts', import.meta.url),
    container: {
      engine: 'rabbitmq',
      port: 5672,
      environment: { RABBITMQ_DEFAULT_USER: USER.user, RABBITMQ_DEFAULT_PASS: USER.password },
      check: ['rabbitmq-diagnostics', '-q', 'check_running'],
    },
    url: (port) => `amqp://${credentials}@127.0.0.1:${port}`,
  },
  {
    title: 'NATS',
    client: '@nats-io/jetstream',
    bare: new URL('bare-nats.ts', import.meta.url),
    container: {
      engine: 'nats',
      port: 4222,
      environment: {},
      command: [
        ...['sh', '-c', 'printf %s "$0" > /tmp/nats.conf && exec nats-server -c /tmp/nats.conf'],
        NATS_CONFIGURATION,
      ],
      check: ['wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8222/healthz'],
    },
    url: (port) => `nats://${credentials}@127.0.0.1:${port}`,
  },
  {
    title: 'Redis Streams',
    client: 'ioredis',
    bare: new URL('bare-redis.ts', import.meta.url),
    container: {
      engine: 'redis',
      port: 6379,
      environment: { REDISCLI_AUTH: USER.password },
      command: [
        ...['redis-server', '--requirepass', USER.password, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
      ],
      check: ['sh', '-c', 'redis-cli ping | grep -q PONG'],
    },
    url: (port) => `redis://:${USER.password}@127.0.0.1:${port}`,
  },
  {
    title: 'Kafka',
    client: '@platformatic/kafka',
    bare: new URL('bare-kafka.ts', import.meta.url),
    container: kafkaContainer,
    url: kafkaAdapter.url,
  },
];
