import type { Container } from '../deployment/container';
import type { Release } from '../deployment/release';
import { runningContainer } from './running-container';

/** A closed release of "orders" with a key and an image of its own. */
export const knownRelease = (number: number, more: Partial<Release> = {}): Release => ({
  id: `id${number}`,
  heldBy: 'volume',
  service: 'orders',
  number,
  key: `${number}`.repeat(64),
  entryLabel: 'env=1',
  template: '',
  image: `acme/orders:k-${number}`,
  replicas: 1,
  open: false,
  again: false,
  since: '',
  ...more,
});

/** A running container of a release. */
export const containerOf = (of: Release, more: Partial<Container> = {}): Container =>
  runningContainer({
    labels: { 'org.micro.image-key': of.key, 'org.micro.entry': of.entryLabel },
    ...more,
  });
