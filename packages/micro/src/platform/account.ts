import { BROKER_NAME, BROKER_VARIABLE, datastoreName, datastoreVariable } from './datastore';
import { toUpperSnake } from './name';

/** Who signs in to a datastore or broker, and the variable of the root's `.env` that holds the password. */
export interface Account {
  user: string;
  passwordVariable: string;
}

/** `orders-database` -> `ORDERS_DATABASE_PASSWORD` */
export function passwordVariable(name: string): string {
  return `${toUpperSnake(name)}_PASSWORD`;
}

/** 32 characters are what MySQL takes. */
const LONGEST_USER = 32;

/** What the name of the admin is lengthened by. The longest is what the admin's own name leaves room for. */
const SUFFIXES = { owner: '_owner', service: '_service' } as const;

/** The user that a datastore's image makes at its first start, and the database: `order-items` -> `order_items`. */
export function adminUser(service: string): string {
  return service.replaceAll('-', '_').slice(0, LONGEST_USER).replace(/_+$/, '');
}

/** The accounts of one database, beside that of its admin. */
export interface DatabaseAccounts {
  /** Makes and changes tables: for migrations. */
  owner: Account;
  /** Reads and writes rows: for the service. */
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

/** As which a service signs in to the broker: under its own name, with `ORDERS_BROKER_PASSWORD`. */
export function brokerAccount(service: string, broker: string): Account {
  return { user: service, passwordVariable: passwordVariable(`${service}-${broker}`) };
}

/** The short run that makes the accounts of a database: `orders-database-accounts`. */
export function databaseAccountsJob({ name }: { name: string }): string {
  return `${name}-accounts`;
}

/** The short run that makes a service's account at the broker: `orders-broker-account`. */
export function brokerAccountJob({ name }: { name: string }): string {
  return `${name}-${BROKER_NAME}-account`;
}

/** The job without which a service cannot sign in by that variable, as compose files fill it in. */
export function accountJobBehind(service: string, variable: string): string | undefined {
  if (variable === BROKER_VARIABLE) return brokerAccountJob({ name: service });
  return variable === datastoreVariable('database')
    ? databaseAccountsJob({ name: datastoreName(service, 'database') })
    : undefined;
}
