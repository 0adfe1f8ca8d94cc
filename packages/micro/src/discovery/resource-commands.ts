import {
  BROKER_VARIABLE,
  MIGRATIONS_FOLDER,
  OWNER_VARIABLE,
  migrationEngine,
} from '../platform/datastore';
import { keepsEventTables } from '../platform/event';
import type { Service } from '../platform/platform';

export interface ServiceMigration {
  engine: 'postgres' | 'mysql';
  /** Options of the chassis' function: `url`, and what the database is migrated with. */
  options: readonly string[];
}

/** The migration of a service's own SQL files and of the tables for its events. */
export function migrationOf(
  service: Service,
  hasMigrations: boolean,
): ServiceMigration | undefined {
  const engine = migrationEngine(service.datastores);
  const hasEvents = keepsEventTables(service);
  if (!engine || !(hasMigrations || hasEvents)) return undefined;
  return {
    engine,
    options: [
      'url',
      ...(hasMigrations ? [`directory: '${MIGRATIONS_FOLDER}'`] : []),
      ...(hasEvents ? ['eventTables: true'] : []),
    ],
  };
}

/** The commands that `node main.js <command>` runs, and those that run in development. */
export function commandLines(service: Service, migration: ServiceMigration | undefined): string[] {
  const commands = [
    ...(migration ? migrateLines(migration) : []),
    ...(handlesEvents(service) ? replayLines(service) : []),
  ];
  return [
    COMMANDS_COMMENT,
    ...(commands.length > 0
      ? ['export const commands = {', ...commands, '};']
      : ['export const commands = {};']),
    '',
    IN_DEVELOPMENT_COMMENT,
    `export const inDevelopment: readonly string[] = [${migration ? `'migrate'` : ''}];`,
  ];
}

/** If the service's own account may not change tables, the job also gets the owner's URL. */
function migrateLines({ engine, options }: ServiceMigration): string[] {
  return [
    `  migrate: command(`,
    `    {`,
    `      DATABASE_URL: resourceVariables.DATABASE_URL,`,
    `      ${OWNER_VARIABLE}: secret(connectionUrl('${engine}')).optional(),`,
    `    },`,
    `    ({ DATABASE_URL, ${OWNER_VARIABLE}: url = DATABASE_URL }) =>`,
    `      ${MIGRATE[engine]}({ ${options.join(', ')} }),`,
    `  ),`,
  ];
}

/** Whether it has queues, and so may have dead letters. */
export function handlesEvents({ broker, subscribes }: Service): boolean {
  return broker !== undefined && subscribes.length > 0;
}

function replayLines({ name, subscribes }: Service): string[] {
  const names = subscribes.map((event) => `{ name: '${event}' }`);
  return [
    `  'replay-dead-letters': command(`,
    `    { ${BROKER_VARIABLE}: resourceVariables.${BROKER_VARIABLE} },`,
    `    ({ ${BROKER_VARIABLE}: url }, log) =>`,
    `      replayDeadLetters(url, {`,
    `        service: '${name}',`,
    `        subscribes: [${names.join(', ')}],`,
    `        log,`,
    `      }),`,
    `  ),`,
  ];
}

/** The chassis' function for each engine. */
export const MIGRATE = { postgres: 'migratePostgres', mysql: 'migrateMysql' } as const;

const IN_DEVELOPMENT_COMMENT =
  '/** Commands that `nx serve` runs before the server: in development, nothing else runs them. */';

const COMMANDS_COMMENT =
  '/** The commands of `node main.js <command>`, which run instead of the server. */';

/** The lines of a service without any command. */
export const NO_COMMANDS = [
  COMMANDS_COMMENT,
  'export const commands = {};',
  '',
  IN_DEVELOPMENT_COMMENT,
  'export const inDevelopment: readonly string[] = [];',
];
