import { posix } from 'node:path';
import {
  BROKER_VARIABLE,
  DATASTORE_PURPOSES,
  datastoreVariable,
  type Broker,
  type CacheEngine,
  type DatabaseEngine,
  type DatastorePurpose,
} from '../platform/datastore';
import type { DerivedFile } from '../platform/derived-file';
import { eventConstant, keepsEventTables } from '../platform/event';
import type { Service } from '../platform/platform';
import { convergeModule } from './derived-module';
import {
  commandLines,
  handlesEvents,
  MIGRATE,
  migrationOf,
  NO_COMMANDS,
  type ServiceMigration,
} from './resource-commands';

const HEADER =
  '// Kept by `nx sync` from service.yml: the datastores and the broker that this service uses.';

type Engine = DatabaseEngine | CacheEngine;

/** The chassis' module for an engine, which is its function's name too. */
const MODULES: Record<Engine, 'postgres' | 'mysql' | 'mongodb' | 'redis'> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  mongodb: 'mongodb',
  redis: 'redis',
};

/** The chassis' module and function for a broker. */
const BROKER_MODULES: Record<Broker, { module: string; connect: string }> = {
  rabbitmq: { module: 'rabbitmq', connect: 'rabbitmq' },
  nats: { module: 'nats', connect: 'nats' },
  redis: { module: 'redis-streams', connect: 'redisStreams' },
  kafka: { module: 'kafka', connect: 'kafka' },
  sqs: { module: 'sqs', connect: 'sqs' },
};

/** How each purpose differs from what the chassis takes for granted. */
const OPTIONS: Record<DatastorePurpose, string> = {
  database: '',
  cache: '',
  // A connection that subscribes is closed first.
  pubsub: `, { name: 'pubsub', kind: 'broker' }`,
  'rate-limit': `, { name: 'rate-limit' }`,
};

/** `apps/orders/src/resources.ts` */
export function resourcesModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/resources.ts');
}

/** What the module is made from beside the manifest. */
export interface ResourcesFacts {
  /** Whether the service has SQL files to bring its database up to date with. */
  hasMigrations: boolean;
  /** The services that handle an event, which then lose none from before their first start. */
  subscribersOf: (event: string) => readonly string[];
  /** The package of the contracts of events: `@acme/contracts`. */
  contractsPackage: string;
}

/** The module through which a service reaches its datastores and the broker; wholly ours. */
export function deriveResourcesModule(
  service: Service,
  facts: ResourcesFacts,
  current: string | undefined,
): DerivedFile {
  const contracts = service.publishes.map(eventConstant);
  return convergeModule(
    {
      path: resourcesModuleFile(service),
      text: renderModule(service, facts),
      variables: [...variablesOf(service), ...contracts],
      pattern: new RegExp(`^(?:${[...VARIABLES, ...contracts].join('|')})$`),
    },
    current,
  );
}

const VARIABLES = [...DATASTORE_PURPOSES.map(datastoreVariable), BROKER_VARIABLE];

function purposesOf({ datastores }: Service): DatastorePurpose[] {
  return DATASTORE_PURPOSES.filter((purpose) => datastores[purpose] !== undefined);
}

/** Each variable with what its URL leads to, by the chassis' name for it. */
function connectionsOf(service: Service): (readonly [string, string])[] {
  const { datastores, broker } = service;
  return [
    ...purposesOf(service).map(
      (purpose) => [datastoreVariable(purpose), MODULES[datastores[purpose]!]] as const,
    ),
    ...(broker ? [[BROKER_VARIABLE, broker] as const] : []),
  ];
}

function variablesOf(service: Service): string[] {
  return connectionsOf(service).map(([name]) => name);
}

function renderModule(service: Service, facts: ResourcesFacts): string {
  const variables = variablesOf(service);
  if (variables.length === 0) return NO_RESOURCES;
  const migration = migrationOf(service, facts.hasMigrations);
  return [
    HEADER,
    ...importLines(service, facts, migration),
    '',
    'export const resourceVariables = {',
    ...connectionsOf(service).map(([name, kind]) => `  ${name}: secret(connectionUrl('${kind}')),`),
    '};',
    '',
    'type ResourceConfig = Config<typeof resourceVariables>;',
    '',
    'export function connectResources(config: ResourceConfig) {',
    ...connectionLines(service, facts),
    '}',
    '',
    'export type Resources = ReturnType<typeof connectResources>;',
    '',
    ...commandLines(service, migration),
    '',
  ].join('\n');
}

/** Whether events are kept in the database until the broker has them. */
function hasOutbox(service: Service): boolean {
  return keepsEventTables(service) && service.publishes.length > 0;
}

function importLines(
  service: Service,
  { contractsPackage }: ResourcesFacts,
  migration: ServiceMigration | undefined,
): string[] {
  const modules = new Map<string, string[]>();
  for (const purpose of purposesOf(service)) {
    const name = MODULES[service.datastores[purpose]!];
    modules.set(name, name === migration?.engine ? [MIGRATE[migration.engine], name] : [name]);
  }
  if (service.broker) {
    const replay = handlesEvents(service) ? ['replayDeadLetters'] : [];
    const { module, connect } = BROKER_MODULES[service.broker];
    modules.set(module, [connect, ...replay]);
  }
  if (hasOutbox(service)) modules.set('outbox', ['outbox']);
  const contracts = service.publishes.map(eventConstant).sort();
  return [
    ...(contracts.length > 0 ? [namedImport(contracts, contractsPackage)] : []),
    `import { ${migration || handlesEvents(service) ? 'command, ' : ''}connectionUrl, secret, type Config } from '@org/chassis';`,
    ...[...modules.keys()]
      .sort()
      .map((name) => namedImport(modules.get(name)!, `@org/chassis/${name}`)),
  ];
}

/** The body of `connectResources`. */
function connectionLines(service: Service, facts: ResourcesFacts): string[] {
  const datastores = purposesOf(service).map((purpose) => {
    const connect = MODULES[service.datastores[purpose]!];
    const variable = datastoreVariable(purpose);
    return { purpose, call: `${connect}(config.${variable}${OPTIONS[purpose]})` };
  });
  // What needs another resource finds it under its name.
  const named = hasOutbox(service);
  return [
    ...(named
      ? [
          ...datastores
            .filter(({ purpose }) => purpose === 'database')
            .map(({ call }) => `  const database = ${call};`),
          ...brokerLines(service, facts, 2, 'const broker =', ';'),
        ]
      : []),
    '  return {',
    ...datastores.map(({ purpose, call }) =>
      named && purpose === 'database' ? '    database,' : `    ${propertyName(purpose)}: ${call},`,
    ),
    ...(named
      ? ['    broker,', '    outbox: outbox(database, broker),']
      : brokerLines(service, facts, 4, 'broker:', ',')),
    '  };',
  ];
}

function brokerLines(
  service: Service,
  { subscribersOf }: ResourcesFacts,
  indent: number,
  head: string,
  end: string,
): string[] {
  const { name, broker, publishes } = service;
  if (!broker) return [];
  const at = ' '.repeat(indent);
  const subscribers = publishes.flatMap((event) => {
    const names = subscribersOf(event).map((subscriber) => `'${subscriber}'`);
    return names.length > 0 ? [`${at}    '${event}': [${names.join(', ')}],`] : [];
  });
  return [
    `${at}${head} ${BROKER_MODULES[broker].connect}(config.${BROKER_VARIABLE}, {`,
    `${at}  service: '${name}',`,
    ...(publishes.length > 0
      ? [`${at}  publishes: [${publishes.map(eventConstant).join(', ')}],`]
      : []),
    ...(subscribers.length > 0 ? [`${at}  subscribers: {`, ...subscribers, `${at}  },`] : []),
    `${at}})${end}`,
  ];
}

/** `rate-limit` -> `rateLimit` */
function propertyName(purpose: DatastorePurpose): string {
  return purpose.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const NO_RESOURCES = [
  HEADER,
  'export const resourceVariables = {};',
  '',
  'export type Resources = Record<string, never>;',
  '',
  'export const connectResources: (config: object) => Resources = () => ({});',
  '',
  ...NO_COMMANDS,
  '',
].join('\n');

function namedImport(names: readonly string[], module: string): string {
  return `import { ${names.join(', ')} } from '${module}';`;
}
