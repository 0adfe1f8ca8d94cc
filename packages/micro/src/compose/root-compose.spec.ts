import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parsePlatform } from '../platform/platform';
import { brokerImage, deriveRootCompose } from './root-compose';

function derive(
  names: readonly string[],
  current?: string,
  files: readonly string[] = [],
  broker = 'rabbitmq',
) {
  const platform = parsePlatform(
    'acme',
    names.map((name, index) => ({
      name,
      root: `apps/${name}`,
      file: `apps/${name}/service.yml`,
      text: `port: ${3001 + index}${name === 'mailer' ? `\nbroker: ${broker}` : ''}`,
    })),
  );
  return deriveRootCompose(platform, current, (path) => files.includes(path));
}

const created = `# The platform on this machine: docker compose up
# \`nx sync\` keeps the services of this list; anything else here is yours.

name: acme
include:
  - apps/orders/compose.yaml
  - apps/users/compose.yaml
networks:
  edge:
`;

describe('deriveRootCompose', () => {
  it('lists the services by path, and declares the networks', () => {
    expect(derive(['users', 'orders']).text).toBe(created);
    expect(derive(['users', 'orders'], created)).toMatchObject({ text: created, drift: [] });
  });

  it('does not change a platform without services', () => {
    const empty = 'name: acme\ninclude: []\n';
    expect(derive([], empty)).toMatchObject({ text: empty, drift: [] });
    expect(derive(['orders'], empty).text).toBe(
      'name: acme\ninclude:\n  - apps/orders/compose.yaml\nnetworks:\n  edge:\n',
    );
  });

  it("keeps a person's order, includes and keys, and adds beside similar entries", () => {
    const edited = `name: acme
include:
  - path: [infra/a.yaml, infra/b.yaml]
  - ./apps/users/compose.yaml # first, they log a lot
  - path: apps/orders/compose.yaml
    env_file: .env.orders
  - tools/compose.yaml
networks:
  edge:
    driver_opts: { mtu: 1400 }
  backend:
services:
  adminer: { image: adminer }
`;
    expect(derive(['users', 'orders'], edited, ['tools/compose.yaml'])).toMatchObject({
      text: edited,
      drift: [],
    });
    const { text, drift } = derive(['users', 'orders', 'billing'], edited, ['tools/compose.yaml']);
    expect(drift).toEqual(['include apps/billing/compose.yaml is missing']);
    expect(text).toBe(
      edited.replace('  - ./apps/users', '  - apps/billing/compose.yaml\n  - ./apps/users'),
    );
  });

  it('removes includes of files that do not exist, and keeps the others', () => {
    const { text, drift } = derive(['orders'], created);
    expect(drift).toEqual(['include apps/users/compose.yaml leads to no file']);
    expect(text).toBe(created.replace('  - apps/users/compose.yaml\n', ''));
    expect(derive(['orders'], created, ['apps/users/compose.yaml']).drift).toEqual([]);
  });

  it('has the broker as long as a service uses it', () => {
    const { text } = derive(['mailer']);
    expect(text).toContain('\nservices:\n  broker:\n    image: rabbitmq:4.1\n');
    expect(text).toContain('\nvolumes:\n  broker-rabbitmq:\n');
    expect(text).toContain('\n  broker:\n    internal: true\n');
    expect(text).toContain('\n    networks:\n      - broker\n');
    // Checks that take longer than the engine waits would pile up: each starts a virtual machine of its own.
    expect(text).toContain('- timeout -k 1 25 rabbitmq-diagnostics -q check_alarms\n');
    expect(text).toContain('\n      timeout: 30s\n');
    expect(derive(['mailer'], text).drift).toEqual([]);
    const without = derive(['orders'], text, ['apps/mailer/compose.yaml']);
    expect(without.drift).toEqual([
      'include apps/orders/compose.yaml is missing',
      'broker is not in the manifest',
      'volume broker-rabbitmq is not used any more',
      'network broker is not used any more',
    ]);
    expect(without.text).not.toMatch(/broker|rabbitmq|services:|volumes:/);
  });

  it('has no broker if that is SQS, which AWS runs', () => {
    const { text } = derive(['mailer']);
    const { text: without } = derive(['mailer'], text, [], 'sqs');
    expect(without).not.toMatch(/broker|rabbitmq|volumes:/);
    expect(derive(['mailer'], without, [], 'sqs').drift).toEqual([]);
  });

  it('replaces the broker, with a volume of its own, if the manifests name another one', () => {
    const { text } = derive(['mailer']);
    const nats = derive(['mailer'], text, [], 'nats');
    expect(nats.drift).toContain('broker runs rabbitmq, the manifest says nats');
    expect(nats.text).toContain('\n  broker:\n    image: nats:2.12-alpine\n');
    expect(nats.text).toContain('- broker-nats:/data\n');
    expect(nats.text).toContain('\nvolumes:\n  broker-nats:\n');
    expect(nats.text).not.toMatch(/rabbitmq/i);
    expect(derive(['mailer'], nats.text, [], 'nats').drift).toEqual([]);
    expect(derive(['mailer'], nats.text).text).toContain('image: rabbitmq:4.1\n');
  });

  it('keeps the password of NATS out of its arguments', () => {
    const { text } = derive(['mailer'], undefined, [], 'nats');
    const { services } = parse(text) as { services: { broker: { command: string[] } } };
    expect(services.broker.command.join(' ')).toContain(
      'password: "%s" }\\n\' "$$NATS_USER" "$$NATS_PASSWORD" > /tmp/nats.conf && exec nats-server --config /tmp/nats.conf',
    );
    expect(text).toContain('NATS_PASSWORD: ${BROKER_PASSWORD:?');
  });

  it('gives a Redis that is the broker a disk, and what keeps its promise', () => {
    const { text } = derive(['mailer']);
    const redis = derive(['mailer'], text, [], 'redis');
    expect(redis.drift).toContain('broker runs rabbitmq, the manifest says redis');
    const { services, volumes } = parse(redis.text) as {
      services: { broker: { command: string[]; volumes: string[]; tmpfs: string[] } };
      volumes: object;
    };
    const { broker } = services;
    expect(broker).toMatchObject({ image: 'redis:7-bookworm', user: 'redis', read_only: true });
    expect(broker.volumes).toEqual(['broker-redis:/data']);
    expect(broker.tmpfs).toEqual(['/tmp']);
    expect(volumes).toEqual({ 'broker-redis': null });
    expect(broker.command.join(' ')).toContain(
      'requirepass %s\\nsave ""\\nappendonly yes\\nappendfsync always\\nmaxmemory-policy noeviction\\n\' "$$REDIS_PASSWORD" >',
    );
    expect(redis.text).toContain('REDIS_PASSWORD: ${BROKER_PASSWORD:?');
    expect(derive(['mailer'], redis.text, [], 'redis').drift).toEqual([]);
    expect(derive(['mailer'], redis.text).text).toContain('image: rabbitmq:4.1\n');
  });

  it('gives Kafka a disk, and keeps its password out of its arguments', () => {
    const { text } = derive(['mailer']);
    const kafka = derive(['mailer'], text, [], 'kafka');
    expect(kafka.drift).toContain('broker runs rabbitmq, the manifest says kafka');
    const { services, volumes } = parse(kafka.text) as {
      services: { broker: { command: string[]; environment: Record<string, string> } };
      volumes: object;
    };
    const { broker } = services;
    expect(broker).toMatchObject({
      image: 'apache/kafka:4.4.0',
      read_only: true,
      tmpfs: ['/tmp:exec'],
      volumes: ['broker-kafka:/var/lib/kafka/data'],
      healthcheck: { test: ['CMD-SHELL', "bash -c 'exec 3<>/dev/tcp/127.0.0.1/9092'"] },
    });
    expect(volumes).toEqual({ 'broker-kafka': null });
    expect(broker.environment['KAFKA_PASSWORD']).toMatch(/^\$\{BROKER_PASSWORD:\?/);
    const [shell, option, script = ''] = broker.command;
    expect([shell, option]).toEqual(['bash', '-ec']);
    expect(script).toContain('password=\\"$$KAFKA_PASSWORD\\"');
    expect(script.replaceAll('$$', '')).not.toContain('$');
    // A person can read and change the settings.
    expect(kafka.text).toContain('\n        log.flush.interval.messages=1\n');
    expect(derive(['mailer'], kafka.text, [], 'kafka').drift).toEqual([]);
    expect(derive(['mailer'], kafka.text).text).toContain('image: rabbitmq:4.1\n');
  });

  it('moves the broker out of the network that datastores once shared', () => {
    const { text } = derive(['mailer']);
    const before = text
      .replace('  broker:\n    internal: true\n', '  backend:\n    internal: true\n')
      .replace('networks:\n      - broker\n', 'networks:\n      - backend\n      - mine\n');
    const after = derive(['mailer'], before);
    expect(after.drift).toEqual([
      'network broker is missing',
      'broker: network backend is not in the manifest',
      'broker: network broker is missing',
    ]);
    // A person's own entries may use it.
    expect(after.text).toContain('  backend:\n    internal: true\n');
    expect(after.text).toContain('networks:\n      - mine\n      - broker\n');
  });

  it('keeps a broker that a person wrote', () => {
    const own = `${created}services:\n  broker:\n    image: redpanda\n`;
    expect(derive(['users', 'orders'], own)).toMatchObject({ text: own, drift: [] });
  });
});

describe('brokerImage', () => {
  it.each([
    [
      'services: { broker: { image: "mirror.example/rabbitmq:4.0" } }',
      'mirror.example/rabbitmq:4.0',
    ],
    ['services: { broker: { image: "nats:2.12-alpine" } }', 'rabbitmq:4.1'],
    ['services: { broker: { image: "redis:7-bookworm" } }', 'rabbitmq:4.1'],
    ['services: { broker: { image: "apache/kafka:4.4.0" } }', 'rabbitmq:4.1'],
    [undefined, 'rabbitmq:4.1'],
  ])('of %s is %s', (text, image) => {
    expect(brokerImage(text)).toBe(image);
  });
});
