import { passwordVariable } from '../platform/account';

/** How a compose file names a secret: it comes from the `.env` beside it, or nothing starts. */
export function secretReference(variable: string): string {
  return `\${${variable}:?run "npx micro env" to create it}`;
}

export function passwordReference(name: string): string {
  return secretReference(passwordVariable(name));
}

/** Whether a text holds one of these variables, in any of Compose's spellings. */
export function holdsVariable(text: string, variables: readonly string[]): boolean {
  return variables.some((variable) =>
    new RegExp(`\\$(?:\\{${variable}\\b|${variable}\\b)`).test(text),
  );
}
