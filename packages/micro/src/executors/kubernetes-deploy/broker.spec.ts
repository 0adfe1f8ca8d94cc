import { describe, expect, it } from 'vitest';
import { deployRecorded, printWritten } from '../../testing/recorded-deploy';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import type { DeployOptions } from '../deploy-options';

const ACCOUNT = {
  image: 'rabbitmq:4.1',
  volumes_from: ['broker:ro'],
  environment: { ACCOUNT_PASSWORD: '${P}' },
  depends_on: { broker: { condition: 'service_healthy' } },
};
const WRITTEN = {
  broker: {
    image: 'rabbitmq:4.1',
    environment: { RABBITMQ_DEFAULT_PASS: '${BROKER_PASSWORD}' },
    volumes: [{ type: 'volume', source: 'data', target: '/var/lib/rabbitmq' }],
  },
  orders: {
    environment: { BROKER_URL: 'amqp://orders:${P}@broker' },
    depends_on: { 'orders-account': { condition: 'service_completed_successfully' } },
  },
  'orders-account': ACCOUNT,
  mailer: { environment: { BROKER_URL: 'amqp://mailer:${P}@broker' } },
};
/** As Compose prints it with everything filled in. */
const filled = (password: string) =>
  JSON.parse(
    JSON.stringify(WRITTEN).replaceAll('${P}', 'p').replaceAll('${BROKER_PASSWORD}', password),
  ) as object;

const push = (service: string) =>
  JSON.stringify({
    ...{ kind: 'pushed', service, key: 'k1', environment: 'production', tags: [] },
    ...{ image: `reg.example.com/acme/${service}:k-1`, digest: `sha256:${'a'.repeat(64)}` },
    since: '2026-11-27T12:00:00.000Z',
  });

const HEAD = 'engine: kubernetes\ncontext: far\nregistry: reg.example.com\n';
const FILES = {
  'package.json': JSON.stringify({ name: '@acme/source' }),
  'compose.yaml': '',
  'environments/production.yml': `${HEAD}broker: in-cluster\n`,
  ...Object.fromEntries(
    ['orders', 'mailer'].flatMap((name, index) => [
      [`apps/${name}/service.yml`, `port: ${3001 + index}\nbroker: rabbitmq\n`],
      [`apps/${name}/package.json`, JSON.stringify({ name })],
      [`dist/receipts/apps/${name}/docker-push.production.json`, push(name)],
    ]),
  ),
};

interface Live {
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
}

/** A cluster that keeps what is applied, and in which everything is ready at once. */
function cluster(password = () => 'first'): { answer: Answer; objects: Map<string, Live> } {
  const objects = new Map<string, Live>();
  const status = {
    ...{ replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 },
    conditions: [{ type: 'Complete', status: 'True' }],
  };
  const answer: Answer = (line, command) => {
    const { args, stdin } = command;
    if (line.startsWith('docker')) {
      const services = line.includes('--no-interpolate') ? WRITTEN : filled(password());
      return { stdout: JSON.stringify({ services }) };
    }
    if (!line.startsWith('kubectl')) return failure('not a git repository', 128);
    if (args.includes('apply')) {
      const { items } = JSON.parse(String(stdin)) as { items: Live[] };
      for (const one of items) objects.set(`${one.kind}/${one.metadata.name}`, { ...one });
      return {};
    }
    if (args.includes('namespace')) return { stdout: '{}' };
    if (args.includes('create') || args.includes('replace')) {
      const given = JSON.parse(String(stdin)) as Live;
      if (given.kind === 'Secret') objects.set(`Secret/${given.metadata.name}`, given);
      return printWritten(command);
    }
    if (args.includes('lease')) return {};
    if (args.includes('secret')) {
      const key = objects.get('Secret/acme-production-deploy-key');
      return { stdout: key ? JSON.stringify(key) : '' };
    }
    const all = [...objects.values()];
    if (args.includes('secrets')) {
      const names = all
        .filter(({ kind }) => kind === 'Secret')
        .map(({ metadata }) => metadata.name);
      return { stdout: names.map((name) => `secret/${name}\n`).join('') };
    }
    if (args.includes('name')) return { stdout: '' };
    const items = all.filter(({ kind }) => kind !== 'Secret').map((one) => ({ ...one, status }));
    return { stdout: JSON.stringify({ items }) };
  };
  return { answer, objects };
}

async function deploy(answer: Answer, files: object = {}, options: DeployOptions = {}) {
  const task = recordedTask({ ...FILES, ...files }, answer);
  const mailer = { ...task, service: { ...task.service, name: 'mailer', root: 'apps/mailer' } };
  const failures = await deployRecorded(task, options, [task, mailer]);
  const applied = task.runner.commands
    .filter(({ args }) => args.includes('apply'))
    .map(({ stdin }) => {
      const { items } = JSON.parse(String(stdin)) as { items: Live[] };
      return items.map(
        ({ kind, metadata }) => `${kind}/${metadata.name.replace(/-[0-9a-f]{10}$/, '')}`,
      );
    });
  return { failures, said: task.said.join('\n'), applied };
}

describe('a deploy of services with a broker in the cluster', () => {
  it('starts it once, before accounts and services, and then writes nothing', async () => {
    const { answer } = cluster();
    const first = await deploy(answer);
    expect(first.failures).toEqual(new Map());
    expect(first.said).toMatch(/start +broker +needed by (?:orders, mailer|mailer, orders)/);
    expect(first.said).toContain('production  started  broker');
    const order = first.applied.flat();
    expect(order.filter((one) => one === 'StatefulSet/broker')).toHaveLength(1);
    const at = ['Secret/broker', 'StatefulSet/broker', 'Job/orders-account', 'Deployment/orders'];
    const places = at.map((one) => order.indexOf(one));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(-1);
    const second = await deploy(answer);
    expect(second.said).toContain('nothing changed');
    expect(second.applied).toEqual([]);
  });

  it('is not replaced by another password, nor are accounts made with it', async () => {
    let password = 'first';
    const { answer } = cluster(() => password);
    await deploy(answer);
    password = 'second';
    const { said, applied, failures } = await deploy(answer);
    expect(failures).toEqual(new Map());
    expect(said).toMatch(
      /left +broker +other secrets\. A deploy does not replace a pod that may hold data: .* delete statefulset broker"/,
    );
    expect(applied).toEqual([]);
    const json = await deploy(answer, {}, { plan: true, json: true });
    expect(JSON.parse(json.said)).toMatchObject({
      broker: { action: 'left', why: ['other secrets'], users: ['orders', 'mailer'] },
    });
  });

  it('changes no service that uses it if it does not start', async () => {
    const { answer, objects } = cluster();
    const { failures } = await deploy((line, command) =>
      line.includes(' apply ') && String(command.stdin).includes('"StatefulSet"')
        ? failure('Error from server (Forbidden): exceeded quota')
        : answer(line, command),
    );
    expect([...failures.keys()].sort()).toEqual(['mailer', 'orders']);
    expect(failures.get('mailer')?.message).toMatch(
      /exceeded quota[^]*\nmailer, which uses it, was not changed$/,
    );
    expect([...objects.keys()].filter((name) => /^(?:Deployment|Job)\//.test(name))).toEqual([]);
  });

  it('refuses one of somebody else, and changes nothing', async () => {
    const { answer, objects } = cluster();
    const { failures } = await deploy((line, command) =>
      line.includes('deployments.apps') && line.includes('--output name')
        ? { stdout: 'statefulset.apps/broker\n' }
        : answer(line, command),
    );
    expect(failures.get('orders')?.message).toContain(
      'the namespace acme-production has statefulset/broker, which no deploy of acme',
    );
    expect([...objects.keys()]).toEqual([]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'SQS',
      {
        'apps/orders/service.yml': 'port: 3001\nbroker: sqs\n',
        'apps/mailer/service.yml': 'port: 3002\nbroker: sqs\n',
      },
      /^environments\/production\.yml:4: broker: the platform's broker is SQS, which AWS runs: write "broker: external"$/,
    ],
    [
      'an address that nobody gave',
      { 'environments/production.yml': HEAD },
      /production\.yml:1: services\.orders has no BROKER_URL: its broker is external\. Add it under "secrets"; "broker: in-cluster" runs the one of compose\.yaml/,
    ],
  ])('stops at %s, with the line', async (_, files, message) => {
    const { failures } = await deploy(cluster().answer, files).catch((error: Error) => ({
      failures: new Map([['orders', error]]),
    }));
    expect(failures.get('orders')?.message).toMatch(message);
  });
});
