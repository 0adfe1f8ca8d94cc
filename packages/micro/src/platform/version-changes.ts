import { BROKER_SERVERS } from './datastore';
import { formatServer, PRODUCT_NAMES, type Product, type ServerImage } from './server-image';

/** Why a server cannot use the data of another version, and what to do. */
export interface RefusedChange {
  says: string;
  advice: string;
}

/** One fact about a server and the data of other versions. */
interface VersionFact {
  product: Product;
  /** Whether the fact applies to data of `from` under a server `to` of that product. */
  applies: (from: ServerImage, to: ServerImage) => boolean;
  says: (from: ServerImage, to: ServerImage) => string;
  advice: (from: ServerImage, to: ServerImage) => string;
  /** Where it is documented, and with which servers it was seen. */
  source: string;
}

const EMPTY =
  'wait until no event is left in its queues (see "Another broker" in docs/events.md), and remove that container';
const MOVE = 'dump the data, give the new server a volume of its own, and restore';

/** Versions that an upgrade cannot skip. */
const STATIONS: Partial<Record<Product, readonly (readonly [number, number])[]>> = {
  mysql: [
    [8, 0],
    [8, 4],
    [9, 7],
  ],
  mongodb: [
    [4, 0],
    [4, 2],
    [4, 4],
    [5, 0],
    [6, 0],
    [7, 0],
    [8, 0],
  ],
  rabbitmq: [
    [3, 11],
    [3, 12],
    [3, 13],
  ],
};

const older: VersionFact['applies'] = (from, to) => compare(to, from) < 0;

const skips: VersionFact['applies'] = (from, to) => skipped(from, to).length > 0;

const cannotReadNewer: VersionFact['says'] = (from, to) =>
  `${formatServer(to)} does not start on data of the newer ${formatServer(from)}`;

const throughEach: VersionFact['advice'] = (from, to) =>
  `go through ${skipped(from, to)
    .map(([major, minor]) => `${major}.${minor}`)
    .join(', ')} first, one after the other`;

/** All facts. The first one that applies is reported. */
export const VERSION_FACTS: readonly VersionFact[] = [
  {
    product: 'postgres',
    applies: (from, to) => from.major !== to.major,
    says: (from, to) => `${formatServer(to)} cannot read the files of ${formatServer(from)}`,
    advice: () => MOVE,
    source:
      'PostgreSQL manual, "Upgrading a PostgreSQL Cluster": each major version has its own files. Seen with 15.18, 17.12 and 18.6',
  },
  {
    product: 'mysql',
    applies: older,
    says: cannotReadNewer,
    advice: () => MOVE,
    source: 'MySQL 9.7 manual, "Downgrade Paths": in place only within an LTS series. Not run here',
  },
  {
    product: 'mysql',
    applies: skips,
    says: (from, to) => `${formatServer(to)} does not upgrade data of ${formatServer(from)}`,
    advice: throughEach,
    source: 'MySQL 9.7 manual, "Upgrade Paths": no LTS series can be left out. Not run here',
  },
  {
    product: 'mariadb',
    applies: older,
    says: cannotReadNewer,
    advice: () => MOVE,
    source: 'MariaDB documentation, "Downgrading MariaDB": not between major versions',
  },
  {
    product: 'mongodb',
    applies: older,
    says: cannotReadNewer,
    advice: () => MOVE,
    source:
      'MongoDB 8.0 manual, "Downgrade 8.0 to 7.0": only with a lowered compatibility version and help of the vendor. Not run here',
  },
  {
    product: 'mongodb',
    applies: skips,
    says: (from, to) => `${formatServer(to)} does not start on data of ${formatServer(from)}`,
    advice: (from, to) =>
      `${throughEach(from, to)}, and raise featureCompatibilityVersion after each`,
    source: 'MongoDB 8.0 manual, "Upgrade 7.0 to 8.0": one major version at a time. Not run here',
  },
  {
    product: 'rabbitmq',
    applies: older,
    says: cannotReadNewer,
    advice: () => 'put the newer image back',
    source:
      'RabbitMQ documentation, "Upgrading RabbitMQ": nodes cannot be downgraded in place. Seen with 4.0.5 on data of 4.3.6: the container stays up, and its broker does not start',
  },
  {
    product: 'rabbitmq',
    applies: skips,
    says: (from, to) => `${formatServer(to)} does not start on data of ${formatServer(from)}`,
    advice: (from, to) =>
      `${throughEach(from, to)}, and run "rabbitmqctl enable_feature_flag all" in each`,
    source:
      'RabbitMQ documentation, "Feature flags". Seen with 4.0.5 on data of 3.10.8, all its flags enabled: "required feature flag not enabled". 4.3.6 takes over data of 4.0.5 by itself',
  },
  {
    product: 'rabbitmq',
    applies: (from, to) => from.major === 3 && to.major > 3,
    says: (from, to) =>
      `${formatServer(to)} does not start on data of ${formatServer(from)} unless all its feature flags are enabled`,
    advice: () =>
      'run "rabbitmqctl enable_feature_flag all" in the old broker, then recreate it with the new image',
    source: 'RabbitMQ documentation, "Feature flags": those of 3.13 are required by 4.0',
  },
  {
    product: 'redis',
    applies: cannotReadRdb,
    says: cannotRead,
    advice: () => `empty its volume if it can be filled again, or put the old image back`,
    source:
      'rdb.h: version 9 of Redis 5 and 6, 10 of 7.0, 11 of 7.2, 12 from 7.4. Seen: 7.0.15 refuses files of Redis 8.0.6 and of Valkey 8.1.1, 8.0.6 those of Valkey 9.1.2',
  },
  {
    product: 'valkey',
    applies: cannotReadRdb,
    says: cannotRead,
    advice: () => `empty its volume if it can be filled again, or put the old image back`,
    source:
      'rdb.h: version 11 up to Valkey 8.1, 80 from 9.0; 12 to 79 are of Redis and refused (valkey-io/valkey#645). Seen: 8.1.1 and 9.1.2 refuse files of Redis 8.0.6, 8.1.1 those of 9.1.2',
  },
];

/** Why a server `to` cannot use the data of `from`; `undefined` if it can, or if nothing is known about it. */
export function refuseChange(from: ServerImage, to: ServerImage): RefusedChange | undefined {
  const isBroker = (product: Product) => BROKER_SERVERS.some((broker) => broker === product);
  const isCache = (product: Product) => product === 'redis' || product === 'valkey';
  if (from.product !== to.product && !(isCache(from.product) && isCache(to.product))) {
    const says = `${PRODUCT_NAMES[to.product]} cannot read the files of ${PRODUCT_NAMES[from.product]}`;
    const advice = isBroker(from.product) && isBroker(to.product) ? EMPTY : MOVE;
    return { says, advice };
  }
  const fact = VERSION_FACTS.find(
    ({ product, applies }) => product === to.product && applies(from, to),
  );
  return fact && { says: fact.says(from, to), advice: fact.advice(from, to) };
}

/** Negative if `one` is older. A version without a minor part equals every other of its major. */
function compare(one: ServerImage, other: ServerImage): number {
  if (one.major !== other.major) return one.major - other.major;
  if (one.minor === undefined || other.minor === undefined) return 0;
  return one.minor - other.minor;
}

/** The versions between two that an upgrade has to go through. */
function skipped(from: ServerImage, to: ServerImage): readonly (readonly [number, number])[] {
  return (STATIONS[to.product] ?? []).filter(([major, minor]) => {
    const station = { product: to.product, major, minor };
    return compare(from, station) < 0 && compare(station, to) < 0;
  });
}

/** The version of the data that a server writes. A tag with only a major version counts as its last minor version. */
function rdbVersion({ product, major, minor = Infinity }: ServerImage): number {
  if (product === 'valkey') return major >= 9 ? 80 : 11;
  if (major < 7) return 9;
  if (major > 7 || minor >= 4) return 12;
  return minor >= 2 ? 11 : 10;
}

function cannotReadRdb(from: ServerImage, to: ServerImage): boolean {
  const [written, own] = [rdbVersion(from), rdbVersion(to)];
  if (from.product === to.product && to.major < from.major) return true;
  if (to.product === 'valkey') return written > 11 && written !== own;
  return written > own;
}

function cannotRead(from: ServerImage, to: ServerImage): string {
  return `${formatServer(to)} cannot read the files of ${formatServer(from)}`;
}
