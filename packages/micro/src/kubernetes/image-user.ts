import { parseImageReference } from '../platform/image-reference';

/**
 * Users of the official images that a cluster does not let be root: the numbers that their Dockerfiles give
 * (docker-library, November 2026). Compose starts these images as root, and they change to that user by themselves.
 */
const USERS: Readonly<Record<string, number>> = {
  mariadb: 999,
  mongo: 999,
  mysql: 999,
  postgres: 999,
  rabbitmq: 999,
  redis: 999,
  valkey: 999,
};

/** In Alpine's images the numbers 99 and 999 were taken. */
const ALPINE_USERS: Readonly<Record<string, number>> = { postgres: 70, rabbitmq: 100 };

/** The number of the user that an image of a datastore runs as; `undefined` if it is none that is known. */
export function imageUser(image: string): number | undefined {
  const { repository, tag = '' } = parseImageReference(image);
  const name = repository.split('/').at(-1)!;
  const users = tag.includes('alpine') ? { ...USERS, ...ALPINE_USERS } : USERS;
  return Object.hasOwn(users, name) ? users[name] : undefined;
}
