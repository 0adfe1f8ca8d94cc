import { addressProblem } from '../sqs/address.js';

export type ConnectionKind =
  'postgres' | 'mysql' | 'mongodb' | 'redis' | 'rabbitmq' | 'nats' | 'kafka' | 'sqs';

interface Form {
  protocols: readonly string[];
  example: string;
  /** `mongodb://a:27017,b:27017/orders`. With several hosts, it is not a URL of the WHATWG standard. */
  severalHosts?: true;
}

const FORMS: Record<Exclude<ConnectionKind, 'sqs'>, Form> = {
  postgres: {
    protocols: ['postgres:', 'postgresql:'],
    example: 'postgres://user:password@host:5432/database',
  },
  mysql: {
    protocols: ['mysql:', 'mariadb:'],
    example: 'mysql://user:password@host:3306/database',
  },
  mongodb: {
    protocols: ['mongodb:', 'mongodb+srv:'],
    example: 'mongodb://user:password@host:27017/database',
    severalHosts: true,
  },
  redis: {
    protocols: ['redis:', 'rediss:'],
    example: 'redis://user:password@host:6379',
  },
  rabbitmq: {
    protocols: ['amqp:', 'amqps:'],
    example: 'amqp://user:password@host:5672/vhost',
  },
  nats: {
    protocols: ['nats:', 'tls:'],
    example: 'nats://user:password@host:4222',
  },
  kafka: {
    protocols: ['kafka:', 'kafkas:'],
    example: 'kafka://user:password@host:9092',
  },
};

/**
 * What is wrong with a connection URL, as the rest of a sentence. It never contains the URL, because that has a
 * password.
 */
export function connectionUrlProblem(kind: ConnectionKind, url: string): string | undefined {
  // It names a place in AWS, and no server with a login.
  if (kind === 'sqs') return addressProblem(url);
  const { protocols, example, severalHosts } = FORMS[kind];
  const each = severalHosts ? urlPerHost(url) : [url];
  const parsed = each.map((one) => (URL.canParse(one) ? new URL(one) : undefined));
  if (!parsed.every((one) => one && one.host !== '' && protocols.includes(one.protocol))) {
    return `must look like ${example}, with special characters of the password percent-encoded`;
  }
  const { username, password, pathname } = parsed[0]!;
  const broken = Object.entries({ user: username, password, path: pathname }).find(
    ([, text]) => !isDecodable(text),
  );
  return broken && `has a "%" in its ${broken[0]} that begins no percent escape: write it as %25`;
}

/**
 * Checks a URL before a driver sees it, because errors of drivers about an invalid URL contain the URL with its
 * password.
 *
 * @throws {TypeError} without the URL.
 */
export function checkConnectionUrl(name: string, kind: ConnectionKind, url: string): void {
  const problem = connectionUrlProblem(kind, url);
  if (problem !== undefined) throw new TypeError(`the URL of "${name}" ${problem}`);
}

/** One URL for each of its hosts. */
function urlPerHost(url: string): string[] {
  const [, scheme = '', hosts = '', rest = ''] =
    /^([^:/]+:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(url) ?? [];
  return hosts.split(',').map((host) => `${scheme}${host}${rest}`);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
