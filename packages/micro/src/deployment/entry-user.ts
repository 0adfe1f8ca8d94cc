import type { ComposeEntry } from './entry';

/** `USER node` of our Dockerfiles; the official image gives that user this number. */
export const NODE_USER = 1000;

/** The number of the user that an entry runs as: the one it names, unless that is root. */
export function entryUser({ user }: ComposeEntry): number {
  const number = typeof user === 'string' ? Number(user.split(':')[0]) : Number.NaN;
  return Number.isInteger(number) && number > 0 ? number : NODE_USER;
}
