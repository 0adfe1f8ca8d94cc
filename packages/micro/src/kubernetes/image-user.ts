import { productOf, type Product } from '../platform/server-image';

/**
 * Official images of datastores start as root with Compose, and change to this user by themselves. A cluster does not let
 * them be root, so it is told the number in their Dockerfiles (docker-library, November 2026).
 */
export const OFFICIAL_USER = 999;

/** In Alpine's images the numbers 99 and 999 were taken. */
const ALPINE_USERS: Partial<Record<Product, number>> = { postgres: 70, rabbitmq: 100 };

/** Not built by docker-library: the number in Kafka's own Dockerfile (apache/kafka 4). */
const KAFKA_USER = 1000;

/** The number of the user that an image of a datastore runs as; `undefined` if it is none that is known. */
export function imageUser(image: string): number | undefined {
  const product = productOf(image);
  if (product === undefined) return undefined;
  if (product === 'kafka') return KAFKA_USER;
  return (image.includes('alpine') ? ALPINE_USERS[product] : undefined) ?? OFFICIAL_USER;
}
