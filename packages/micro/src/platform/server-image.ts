/** What serves in a container of a datastore or broker. */
export type Product =
  'postgres' | 'mysql' | 'mariadb' | 'mongodb' | 'redis' | 'valkey' | 'rabbitmq';

/** A server by the image that runs it, as far as its tag tells. */
export interface ServerImage {
  product: Product;
  major: number;
  /** Absent if the tag names the major version alone, which moves. */
  minor?: number;
}

/** The last part of an image's name: the official ones, and those made from them that keep their data the same way. */
const PRODUCTS: Readonly<Record<string, Product>> = {
  postgres: 'postgres',
  postgis: 'postgres',
  pgvector: 'postgres',
  timescaledb: 'postgres',
  'timescaledb-ha': 'postgres',
  mysql: 'mysql',
  'mysql-server': 'mysql',
  mariadb: 'mariadb',
  mongo: 'mongodb',
  'mongodb-community-server': 'mongodb',
  redis: 'redis',
  valkey: 'valkey',
  rabbitmq: 'rabbitmq',
};

/** Of which the tag begins with a version of their own, and names PostgreSQL's as `pg17`. */
const BUILT_ON_POSTGRES = ['pgvector', 'timescaledb', 'timescaledb-ha'];

export const PRODUCT_NAMES: Readonly<Record<Product, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  mongodb: 'MongoDB',
  redis: 'Redis',
  valkey: 'Valkey',
  rabbitmq: 'RabbitMQ',
};

/** What an image serves by the last part of its name; `undefined` of what the name does not tell. */
export function productOf(image: string): Product | undefined {
  return partsOf(image).product;
}

function partsOf(image: string): { repository: string; tag: string; product: Product | undefined } {
  const { repository = '', tag = '' } =
    /^(?:.*\/)?(?<repository>[^/:@]+)(?::(?<tag>[^@]*))?(?:@.*)?$/.exec(image)?.groups ?? {};
  const product = Object.hasOwn(PRODUCTS, repository) ? PRODUCTS[repository] : undefined;
  return { repository, tag, product };
}

/** `postgres:17-bookworm` is PostgreSQL 17; `undefined` of what the name does not tell, such as `postgres:latest`. */
export function parseServerImage(image: string): ServerImage | undefined {
  const { repository, tag, product } = partsOf(image);
  if (!product) return undefined;
  const version = BUILT_ON_POSTGRES.includes(repository)
    ? /(?:^|[^a-z])pg(?<major>\d+)/.exec(tag)
    : /^v?(?<major>\d+)(?:\.(?<minor>\d+))?(?![\d.]*[a-z])/.exec(tag);
  const { major, minor } = version?.groups ?? {};
  if (major === undefined) return undefined;
  return {
    product,
    major: Number(major),
    ...(minor === undefined ? {} : { minor: Number(minor) }),
  };
}

/** `PostgreSQL 17`, `MySQL 8.4` */
export function formatServer({ product, major, minor }: ServerImage): string {
  const version = minor === undefined || product === 'postgres' ? `${major}` : `${major}.${minor}`;
  return `${PRODUCT_NAMES[product]} ${version}`;
}

/**
 * Where the image keeps what has to outlive its container. That of PostgreSQL 18 keeps each major version in a folder of
 * its own below, and refuses a volume at the place of before (docker-library/postgres#1259).
 */
export function postgresFolder(image: string): string {
  const server = parseServerImage(image);
  return server && server.major >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data';
}
