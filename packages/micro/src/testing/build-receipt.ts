import type { BuildReceipt } from '../image/receipt';

const KEY = 'a'.repeat(64);

/** What docker-build leaves behind for `orders` of the platform `acme`. */
export const BUILD_RECEIPT: BuildReceipt = {
  kind: 'docker-build',
  service: 'orders',
  key: KEY,
  image: `acme/orders:k-${KEY.slice(0, 32)}`,
  imageId: 'sha256:1',
  tags: [],
  size: { total: 1 },
  parts: {},
  since: '2026-01-01T00:00:00.000Z',
};
