import { BROKER_NAME } from '../platform/datastore';
import { mysqlEntrypoint } from '../platform/mysql-accounts';
import { postgresFolder } from '../platform/server-image';
import type { BackingEngine } from './datastore';
import { kafkaScript } from './kafka-entry';
import { passwordReference } from './secret-reference';

/** Image, credentials and health check of a datastore or broker in its compose entry. */
export interface BackingImage {
  image: string;
  /** The variables with its credentials. They must match the URL that services get. */
  environment: Record<string, string>;
  /** The health check: a shell command in the container that fails until the server is ready. */
  check: string;
  /** The check starts a virtual machine of its own (RabbitMQ: Erlang), which takes seconds on a busy machine. */
  heavyCheck?: true;
  /** Capabilities that its entrypoint needs before it switches to the image's own user. */
  capabilities: readonly string[];
  /** Variables that an earlier version of sync wrote and that conflict with those it writes now. */
  formerEnvironment?: readonly string[];
  /** A shell script that ends by starting the image's own entrypoint with the arguments it gets. */
  entrypoint?: string;
  /** The folder in the container that is kept in a volume. */
  volume?: string;
  /** Further keys of the entry. */
  extra?: Record<string, unknown>;
}

/** The official images. A person may pin another tag, or use another repository. */
export const BACKING_IMAGES = {
  postgres: 'postgres:17-bookworm',
  mysql: 'mysql:8.4',
  mariadb: 'mariadb:11.4',
  mongodb: 'mongo:8.0',
  redis: 'redis:7-bookworm',
  rabbitmq: 'rabbitmq:4.1',
  // The image without a suffix has no shell.
  nats: 'nats:2.12-alpine',
  kafka: 'apache/kafka:4.4.0',
} as const satisfies Record<BackingEngine, string>;

/** For `printf`, with user and password. Changes of it are a person's to make in the entry. */
const NATS_CONFIGURATION = [
  'port: 4222',
  'http: "127.0.0.1:8222"',
  // An event has up to 1 MiB, and headers.
  'max_payload: 2MB',
  // Otherwise it confirms events up to two minutes before they are on the disk.
  'jetstream { store_dir: "/data", sync_interval: always }',
  'authorization { user: "%s", password: "%s" }',
  '',
];

/** A Redis that is the broker. Changes are a person's to make in the entry. */
const REDIS_KEEPS_EVENTS = [
  'appendonly yes',
  // Otherwise it confirms events up to two seconds before they are on the disk.
  'appendfsync always',
  // Without memory, it refuses new events and keeps those that it has.
  'maxmemory-policy noeviction',
];

/** Needed by an entrypoint that gives the data folder to the image's user, and then switches to that user. */
const BECOMES_ITS_USER = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'];

/** The engine whose official image this is; `undefined` for any other image. */
export function engineOfImage(image: string): BackingEngine | undefined {
  const name = repositoryOf(image).replace(/^(?:docker\.io\/)?(?:library\/)?/, '');
  return (Object.keys(BACKING_IMAGES) as BackingEngine[]).find(
    (engine) => repositoryOf(BACKING_IMAGES[engine]) === name,
  );
}

function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

/**
 * The image of an engine, with its credentials for `user`. Health checks use TCP: while an image sets up its data, it
 * listens on a local socket only, and is not ready yet.
 */
export function backingImage(engine: BackingEngine, name: string, user: string): BackingImage {
  const password = passwordReference(name);
  switch (engine) {
    case 'postgres':
      return {
        image: BACKING_IMAGES.postgres,
        capabilities: BECOMES_ITS_USER,
        environment: { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: user },
        check: 'pg_isready --host=127.0.0.1 --username="$$POSTGRES_USER" --dbname="$$POSTGRES_DB"',
        volume: postgresFolder(BACKING_IMAGES.postgres),
      };
    case 'mysql':
      return {
        image: BACKING_IMAGES.mysql,
        capabilities: BECOMES_ITS_USER,
        environment: {
          MYSQL_USER: user,
          MYSQL_PASSWORD: password,
          MYSQL_DATABASE: user,
          MYSQL_ROOT_PASSWORD: password,
        },
        formerEnvironment: ['MYSQL_RANDOM_ROOT_PASSWORD'],
        entrypoint: mysqlEntrypoint('mysql'),
        check:
          'MYSQL_PWD="$$MYSQL_PASSWORD" mysqladmin ping --host=127.0.0.1 --user="$$MYSQL_USER"',
        volume: '/var/lib/mysql',
      };
    case 'mariadb':
      return {
        image: BACKING_IMAGES.mariadb,
        capabilities: BECOMES_ITS_USER,
        environment: {
          MARIADB_USER: user,
          MARIADB_PASSWORD: password,
          MARIADB_DATABASE: user,
          MARIADB_ROOT_PASSWORD: password,
        },
        formerEnvironment: ['MARIADB_RANDOM_ROOT_PASSWORD'],
        entrypoint: mysqlEntrypoint('mariadb'),
        check: 'healthcheck.sh --connect --innodb_initialized',
        volume: '/var/lib/mysql',
      };
    case 'mongodb':
      return {
        image: BACKING_IMAGES.mongodb,
        capabilities: BECOMES_ITS_USER,
        environment: {
          MONGO_INITDB_ROOT_USERNAME: user,
          MONGO_INITDB_ROOT_PASSWORD: password,
          MONGO_INITDB_DATABASE: user,
        },
        check: `mongosh --host ${name} --quiet --eval 'quit(db.adminCommand({ ping: 1 }).ok ? 0 : 1)'`,
        heavyCheck: true,
        volume: '/data/db',
      };
    case 'redis': {
      const isBroker = name === BROKER_NAME;
      const settings = ['save ""', ...(isBroker ? REDIS_KEEPS_EVENTS : [])];
      return {
        image: BACKING_IMAGES.redis,
        capabilities: [],
        environment: { REDIS_PASSWORD: password },
        check: 'REDISCLI_AUTH="$$REDIS_PASSWORD" redis-cli ping | grep -q PONG',
        ...(isBroker ? { volume: '/data' } : {}),
        extra: {
          user: 'redis',
          // The password is in a file, because an argument would show in every process list. The tmpfs keeps it off the
          // disk; a cache can lose everything else that is in it. The file is in /tmp because a
          // tmpfs gets the mode of the folder that it covers, and /data must stay root's (runc 1.1).
          command: [
            'sh',
            '-c',
            `printf 'requirepass %s\\n${settings.join('\\n')}\\n' "$$REDIS_PASSWORD" > /tmp/redis.conf && exec redis-server /tmp/redis.conf`,
          ],
          read_only: true,
          tmpfs: isBroker ? ['/tmp'] : ['/tmp', '/data'],
        },
      };
    }
    case 'rabbitmq':
      return {
        image: BACKING_IMAGES.rabbitmq,
        capabilities: BECOMES_ITS_USER,
        environment: { RABBITMQ_DEFAULT_USER: user, RABBITMQ_DEFAULT_PASS: password },
        // Fails until the broker has started, and while an alarm about disk or memory blocks all that publish:
        // `check_running` passes then (RabbitMQ 3.10.8 and 4.3.6), and the deprecated `check_local_alarms` in 4.3.6.
        check: 'rabbitmq-diagnostics -q check_alarms',
        heavyCheck: true,
        volume: '/var/lib/rabbitmq',
        // The folder's content is filed under the node's name, which is the host's.
        extra: { hostname: name },
      };
    case 'nats':
      return {
        image: BACKING_IMAGES.nats,
        capabilities: [],
        environment: { NATS_USER: user, NATS_PASSWORD: password },
        // Fails while JetStream is not ready.
        check: 'wget -q -O /dev/null http://127.0.0.1:8222/healthz',
        volume: '/data',
        extra: {
          // The password is in a file, because an argument would show in every process list.
          command: [
            'sh',
            '-c',
            `printf '${NATS_CONFIGURATION.join('\\n')}' "$$NATS_USER" "$$NATS_PASSWORD" > /tmp/nats.conf && exec nats-server --config /tmp/nats.conf`,
          ],
          read_only: true,
          tmpfs: ['/tmp'],
        },
      };
    case 'kafka':
      return {
        image: BACKING_IMAGES.kafka,
        capabilities: [],
        environment: { KAFKA_USER: user, KAFKA_PASSWORD: password },
        // Kafka's own programs would start a virtual machine for each check.
        check: "bash -c 'exec 3<>/dev/tcp/127.0.0.1/9092'",
        volume: '/var/lib/kafka/data',
        extra: {
          // Compose fills in variables, unless the dollar sign is doubled.
          command: ['bash', '-ec', kafkaScript(name).replaceAll('$', '$$$$')],
          read_only: true,
          // Libraries that read compressed events are unpacked there, and run.
          tmpfs: ['/tmp:exec'],
        },
      };
  }
}
