import { BROKER_NAME, BROKER_VARIABLE, datastoreName, datastoreVariable } from './datastore';
import { toUpperSnake } from './name';

/** An account of a datastore or broker, and the variable in the root's `.env` with its password. */
export interface Account {
  user: string;
  passwordVariable: string;
}

/** `orders-database` -> `ORDERS_DATABASE_PASSWORD` */
export function passwordVariable(name: string): string {
  return `${toUpperSnake(name)}_PASSWORD`;
}

/** MySQL accepts 32 characters at most. */
const LONGEST_USER = 32;

/** Added to the name of the admin. The limit for admins leaves room for the longest of these. */
const SUFFIXES = { owner: '_owner', service: '_service' } as const;

/**
 * The name of the admin, whom a datastore's image creates at its first start, and of the database: `order-items` ->
 * `order_items`.
 */
export function adminUser(service: string): string {
  return service.replaceAll('-', '_').slice(0, LONGEST_USER).replace(/_+$/, '');
}

/** The accounts of one database, beside the admin. */
export interface DatabaseAccounts {
  /** Creates and changes tables; for migrations. */
  owner: Account;
  /** Reads and writes rows; for the service. */
  service: Account;
}

/** The accounts of a service's database, which is called `name`: `orders_owner` and `orders_service`. */
export function databaseAccounts(service: string, name: string): DatabaseAccounts {
  const account = (kind: keyof DatabaseAccounts): Account => ({
    user: accountOf(adminUser(service), kind),
    passwordVariable: passwordVariable(`${name}-${kind}`),
  });
  return { owner: account('owner'), service: account('service') };
}

function accountOf(admin: string, kind: keyof DatabaseAccounts): string {
  const suffix = SUFFIXES[kind];
  return admin.slice(0, LONGEST_USER - suffix.length) + suffix;
}

/**
 * The account of a service at the broker. It has the name of the service, and its password is in
 * `ORDERS_BROKER_PASSWORD`.
 */
export function brokerAccount(service: string, broker: string): Account {
  return { user: service, passwordVariable: passwordVariable(`${service}-${broker}`) };
}

/** The name of the job that creates the accounts of a database: `orders-database-accounts`. */
export function databaseAccountsJob({ name }: { name: string }): string {
  return `${name}-accounts`;
}

/** The name of the job that creates a service's account at the broker: `orders-broker-account`. */
export function brokerAccountJob({ name }: { name: string }): string {
  return `${name}-${BROKER_NAME}-account`;
}

/** The job that creates the account with that password variable, by the way compose files refer to the variable. */
export function accountJobBehind(service: string, variable: string): string | undefined {
  if (variable === BROKER_VARIABLE) return brokerAccountJob({ name: service });
  return variable === datastoreVariable('database')
    ? databaseAccountsJob({ name: datastoreName(service, 'database') })
    : undefined;
}
