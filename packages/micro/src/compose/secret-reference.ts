import { passwordVariable } from '../platform/account';
import { toUpperSnake } from '../platform/name';

/** A secret in a compose file: its value comes from `.env`. If it is missing there, Compose starts nothing. */
export function secretReference(variable: string): string {
  return `\${${variable}:?run "npx micro env" to create it}`;
}

export function passwordReference(name: string): string {
  return secretReference(passwordVariable(name));
}

/** Whether a text contains the password of that datastore or broker, in any of Compose's notations. */
export function holdsPassword(text: string, name: string): boolean {
  const variable = `${toUpperSnake(name)}(?:_OWNER|_SERVICE)?_PASSWORD`;
  return new RegExp(`\\$(?:\\{${variable}\\b|${variable}\\b)`).test(text);
}
