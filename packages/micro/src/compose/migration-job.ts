import { formatStale } from '../platform/derived-file';
import { migrationEngine } from '../platform/datastore';
import type { Platform, Service } from '../platform/platform';
import type { ComposeEdit } from './compose-edit';
import { databaseAccountsJob } from '../platform/account';
import { COMPLETED } from './account-jobs';
import { datastoresOf, ownerUrl } from './datastore';
import { convergeNetwork, convergeOwnImage, seedOwnEntry } from './own-entry';
import { dataNetwork } from './paths';

/** The name of the job that migrates a service's database: `orders-migrate`. */
export function migrationJobName({ name }: Pick<Service, 'name'>): string {
  return `${name}-migrate`;
}

/** Whether a service has a database and migration files for it. */
export function needsMigration(service: Service, hasMigrations: boolean): boolean {
  return hasMigrations && migrationEngine(service.datastores) !== undefined;
}

/**
 * Updates the entry of the migration. It runs the service's own image once, and the service waits until it has
 * succeeded. So no two replicas migrate at the same time, and none starts on an old schema.
 */
export function convergeMigrationJob(
  edit: ComposeEdit,
  platform: Platform,
  service: Service,
  hasMigrations: boolean,
): void {
  const name = migrationJobName(service);
  const at = ['services', name];
  if (!needsMigration(service, hasMigrations)) {
    if (isOurs(edit, at)) edit.remove(at, formatStale(name), 1);
    return;
  }
  const isNew = !edit.has(at);
  const database = datastoresOf(service).find(({ purpose }) => purpose === 'database')!;
  convergeOwnImage(edit, name, platform, service);
  if (isNew) seedOwnEntry(edit, name, { command: COMMAND, init: true, restart: 'no' });
  edit.converge([...at, 'environment'], {
    wanted: { [database.variable]: ownerUrl(database) },
    isStale: () => false,
    form: 'map',
    ownsValues: true,
    isSecret: (variable) => variable === database.variable,
    label: (variable) => `${name}: ${variable}`,
  });
  edit.converge([...at, 'depends_on'], {
    wanted: {
      [database.name]: { condition: 'service_healthy' },
      ...(database.accounts ? { [databaseAccountsJob(database)]: COMPLETED } : {}),
    },
    isStale: (other) => other === databaseAccountsJob(database),
    form: 'map',
    ownsValues: false,
    label: (other) => `${name}: depends_on ${other}`,
  });
  convergeNetwork(edit, name, dataNetwork(service));
}

const COMMAND = ['node', 'main.js', 'migrate'];

/** An entry of that name with another command was written by a person. */
function isOurs(edit: ComposeEdit, at: readonly string[]): boolean {
  return JSON.stringify(edit.value([...at, 'command'])) === JSON.stringify(COMMAND);
}
