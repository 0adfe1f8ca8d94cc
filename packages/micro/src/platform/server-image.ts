/** The products that run in containers of datastores and the broker. */
export type Product =
  'postgres' | 'mysql' | 'mariadb' | 'mongodb' | 'redis' | 'valkey' | 'rabbitmq' | 'nats' | 'kafka';

/** The product and version of an image, as far as its tag tells. */
export interface ServerImage {
  product: Product;
  major: number;
  /** Absent if the tag has only the major version, which moves. */
  minor?: number;
}

/** By the last part of an image's name: the official images, and images based on them that store data the same way. */
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
  nats: 'nats',
  kafka: 'kafka',
};

/** Images whose tag begins with their own version, and that name PostgreSQL's as `pg17`. */
const BUILT_ON_POSTGRES = ['pgvector', 'timescaledb', 'timescaledb-ha'];

export const PRODUCT_NAMES: Readonly<Record<Product, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  mongodb: 'MongoDB',
  redis: 'Redis',
  valkey: 'Valkey',
  rabbitmq: 'RabbitMQ',
  nats: 'NATS',
  kafka: 'Kafka',
};

/** The product of an image by the last part of its name; `undefined` if the name does not tell. */
export function productOf(image: string): Product | undefined {
  return partsOf(image).product;
}

function partsOf(image: string): { repository: string; tag: string; product: Product | undefined } {
  const { repository = '', tag = '' } =
    /^(?:.*\/)?(?<repository>[^/:@]+)(?::(?<tag>[^@]*))?(?:@.*)?$/.exec(image)?.groups ?? {};
  const product = Object.hasOwn(PRODUCTS, repository) ? PRODUCTS[repository] : undefined;
  return { repository, tag, product };
}

/** `postgres:17-bookworm` is PostgreSQL 17; `undefined` if the tag does not tell, such as `postgres:latest`. */
export function parseServerImage(image: string): ServerImage | undefined {
  const { repository, tag, product } = partsOf(image);
  if (!product) return undefined;
  const version = BUILT_ON_POSTGRES.includes(repository)
    ? /(?:^|[^a-z])pg(?<major>\d+)/.exec(tag)
    : /^v?(?<major>\d+)(?:\.(?<minor>\d+))?(?:(?:alpha|beta|rc)\d+)?(?![\d.]*[a-z])/.exec(tag);
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
 * The path at which the image keeps its data. PostgreSQL 18 has one folder per major version below it, and refuses a
 * volume at the former path (docker-library/postgres#1259).
 */
export function postgresFolder(image: string): string {
  const server = parseServerImage(image);
  return server && server.major >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data';
}
