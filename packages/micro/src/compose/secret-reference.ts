import { passwordVariable } from '../platform/account';
import { toUpperSnake } from '../platform/name';

/** How a compose file names a secret: it comes from the `.env` beside it, or nothing starts. */
export function secretReference(variable: string): string {
  return `\${${variable}:?run "npx micro env" to create it}`;
}

export function passwordReference(name: string): string {
  return secretReference(passwordVariable(name));
}

/** Whether a text holds a password of that datastore or broker, in any of Compose's spellings. */
export function holdsPassword(text: string, name: string): boolean {
  const variable = `${toUpperSnake(name)}(?:_OWNER|_SERVICE)?_PASSWORD`;
  return new RegExp(`\\$(?:\\{${variable}\\b|${variable}\\b)`).test(text);
}
