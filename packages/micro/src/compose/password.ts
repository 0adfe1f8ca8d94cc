import { toUpperSnake } from '../platform/name';

/** `orders-database` -> `ORDERS_DATABASE_PASSWORD` */
export function passwordVariable(name: string): string {
  return `${toUpperSnake(name)}_PASSWORD`;
}

/** How a compose file names a secret: it comes from the `.env` beside it, or nothing starts. */
export function secretReference(variable: string): string {
  return `\${${variable}:?run "npx micro env" to create it}`;
}

export function passwordReference(name: string): string {
  return secretReference(passwordVariable(name));
}

/** Whether a text holds the password of that datastore or broker, in any of Compose's spellings. */
export function holdsPassword(text: string, name: string): boolean {
  return new RegExp(`\\$(?:\\{${passwordVariable(name)}\\b|${passwordVariable(name)}\\b)`).test(
    text,
  );
}
