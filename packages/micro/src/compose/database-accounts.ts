import type { DatabaseAccounts } from '../platform/account';
import { MONGODB_ACCOUNTS_SCRIPT } from '../platform/mongodb-accounts';
import { mysqlAccountsScript } from '../platform/mysql-accounts';
import { POSTGRES_ACCOUNTS_SCRIPT } from '../platform/postgres-accounts';
import { postgresFolder } from '../platform/server-image';
import type { Datastore } from './datastore';
import { passwordReference, secretReference } from './secret-reference';

/** How accounts of a database are created with its image. */
export interface DatabaseAccountsRun {
  /** The user that the container runs as. */
  user: string;
  script: string;
  environment: Readonly<Record<string, string>>;
  /** The paths at which the image declares volumes. */
  volumes: readonly string[];
}

/**
 * `undefined` for datastores that have only one account.
 *
 * @param image of the database, and of the job, too.
 */
export function databaseAccountsRun(
  datastore: Datastore,
  image: string,
): DatabaseAccountsRun | undefined {
  const { engine, accounts } = datastore;
  if (!accounts) return undefined;
  switch (engine) {
    case 'postgres':
      return {
        user: 'postgres',
        script: POSTGRES_ACCOUNTS_SCRIPT,
        environment: {
          PGHOST: datastore.name,
          PGDATABASE: datastore.user,
          PGUSER: datastore.user,
          PGPASSWORD: passwordReference(datastore.name),
          ...accountVariables(accounts),
        },
        volumes: [postgresFolder(image)],
      };
    case 'mysql':
    case 'mariadb':
      return {
        user: 'mysql',
        script: mysqlAccountsScript(engine),
        environment: adminVariables(datastore, accounts),
        volumes: ['/var/lib/mysql'],
      };
    case 'mongodb':
      return {
        user: 'mongodb',
        script: MONGODB_ACCOUNTS_SCRIPT,
        environment: adminVariables(datastore, accounts),
        volumes: ['/data/db', '/data/configdb'],
      };
    case 'redis':
    case 'rabbitmq':
    case 'nats':
    case 'kafka':
      return undefined;
  }
}

function adminVariables(
  { name, user }: Datastore,
  accounts: DatabaseAccounts,
): Record<string, string> {
  return {
    HOST: name,
    DATABASE: user,
    ADMIN: user,
    ADMIN_PASSWORD: passwordReference(name),
    ...accountVariables(accounts),
  };
}

function accountVariables({ owner, service }: DatabaseAccounts): Record<string, string> {
  return {
    OWNER: owner.user,
    OWNER_PASSWORD: secretReference(owner.passwordVariable),
    SERVICE: service.user,
    SERVICE_PASSWORD: secretReference(service.passwordVariable),
  };
}
