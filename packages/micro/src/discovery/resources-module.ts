import { posix } from 'node:path';
import {
  DATASTORE_PURPOSES,
  MIGRATIONS_FOLDER,
  datastoreVariable,
  migrationEngine,
  type CacheEngine,
  type DatabaseEngine,
  type DatastorePurpose,
} from '../platform/datastore';
import type { DerivedFile } from '../platform/derived-file';
import type { Service } from '../platform/platform';
import { convergeModule } from './derived-module';

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

/**
 * The module through which a service reaches its datastores and the broker; wholly ours.
 *
 * @param hasMigrations whether the service has SQL files to bring its database up to date with.
 */
export function deriveResourcesModule(
  service: Service,
  hasMigrations: boolean,
  current: string | undefined,
): DerivedFile {
  return convergeModule(
    {
      path: resourcesModuleFile(service),
      text: renderModule(service, hasMigrations),
      variables: variablesOf(service),
      pattern: DATASTORE_VARIABLE,
    },
    current,
  );
}

const DATASTORE_VARIABLE = new RegExp(
  `\\b(?:${DATASTORE_PURPOSES.map(datastoreVariable).join('|')})\\b`,
  'g',
);

function purposesOf({ datastores }: Service): DatastorePurpose[] {
  return DATASTORE_PURPOSES.filter((purpose) => datastores[purpose] !== undefined);
}

function variablesOf(service: Service): string[] {
  return purposesOf(service).map(datastoreVariable);
}

function renderModule(service: Service, hasMigrations: boolean): string {
  const purposes = purposesOf(service);
  if (purposes.length === 0) return NO_RESOURCES;
  const engine = hasMigrations ? migrationEngine(service.datastores) : undefined;
  const modules = new Set(purposes.map((purpose) => MODULES[service.datastores[purpose]!]));
  const imports = [
    `import { ${engine ? 'command, ' : ''}secret, type Config } from '@org/chassis';`,
    ...[...modules]
      .sort()
      .map((name) => `import { ${importsOf(name, engine)} } from '@org/chassis/${name}';`),
    `import * as z from 'zod';`,
  ];
  const variables = variablesOf(service).map((name) => `  ${name}: secret(z.url()),`);
  const connections = purposes.map((purpose) => {
    const connect = MODULES[service.datastores[purpose]!];
    return `    ${propertyName(purpose)}: ${connect}(config.${datastoreVariable(purpose)}${OPTIONS[purpose]}),`;
  });
  const command = engine && [
    `export const commands = {`,
    `  migrate: command(`,
    `    { DATABASE_URL: resourceVariables.DATABASE_URL },`,
    ...arrow(
      `({ DATABASE_URL: url }) =>`,
      `${MIGRATE[engine]}({ url, directory: '${MIGRATIONS_FOLDER}' }),`,
    ),
    `  ),`,
    `};`,
  ];
  return [
    HEADER,
    ...imports,
    '',
    'export const resourceVariables = {',
    ...variables,
    '};',
    '',
    'type ResourceConfig = Config<typeof resourceVariables>;',
    '',
    'export function connectResources(config: ResourceConfig) {',
    '  return {',
    ...connections,
    '  };',
    '}',
    '',
    'export type Resources = ReturnType<typeof connectResources>;',
    '',
    COMMANDS_COMMENT,
    ...(command ?? ['export const commands = {};']),
    '',
  ].join('\n');
}

/** On one line where Prettier, left to itself, leaves it there. */
function arrow(head: string, body: string): string[] {
  const line = `    ${head} ${body}`;
  return line.length <= 80 ? [line] : [`    ${head}`, `      ${body}`];
}

const MIGRATE = { postgres: 'migratePostgres', mysql: 'migrateMysql' } as const;

function importsOf(module: string, engine: keyof typeof MIGRATE | undefined): string {
  return module === engine ? `${MIGRATE[engine]}, ${module}` : module;
}

/** `rate-limit` -> `rateLimit` */
function propertyName(purpose: DatastorePurpose): string {
  return purpose.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const COMMANDS_COMMENT = '/** What `node main.js <command>` does in place of serving. */';

const NO_RESOURCES = [
  HEADER,
  'export const resourceVariables = {};',
  '',
  'export type Resources = Record<string, never>;',
  '',
  'export const connectResources: (config: object) => Resources = () => ({});',
  '',
  COMMANDS_COMMENT,
  'export const commands = {};',
  '',
].join('\n');
