import { productOf, type Product } from '../platform/server-image';

/**
 * Users of the official images that a cluster does not let be root: the numbers that their Dockerfiles give
 * (docker-library, November 2026). Compose starts these images as root, and they change to that user by themselves.
 */
const OFFICIAL_USER = 999;

/** In Alpine's images the numbers 99 and 999 were taken. */
const ALPINE_USERS: Partial<Record<Product, number>> = { postgres: 70, rabbitmq: 100 };

/** The number of the user that an image of a datastore runs as; `undefined` if it is none that is known. */
export function imageUser(image: string): number | undefined {
  const product = productOf(image);
  if (product === undefined) return undefined;
  return (image.includes('alpine') ? ALPINE_USERS[product] : undefined) ?? OFFICIAL_USER;
}
