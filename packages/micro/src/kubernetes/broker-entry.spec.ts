import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { StatefulSet, type IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { Job, type IJob } from 'kubernetes-models/batch/v1/Job';
import type { IService } from 'kubernetes-models/v1/Service';
import { describe, expect, it } from 'vitest';
import { BACKING_IMAGES } from '../compose/datastore-image';
import { checkKubernetesEnvironment } from '../platform/kubernetes-environment';
import { BROKER_SERVERS } from '../platform/datastore';
import { parseYaml } from '../platform/yaml-source';
import { platformOf } from '../testing/platform';
import { desiredService } from './desired-service';
import { liveObjects } from './object-plan';
import type { LiveObject } from './live-object';
import { renderPlatform } from './render';
import { runningBrokerSecret } from './running-secret';

const PLATFORM = platformOf({
  gateway: 'kind: gateway\nport: 3001\nconsumes: [orders]\n',
  orders: 'port: 3002\nbroker: rabbitmq\n',
  mailer: 'port: 3003\nkind: worker\nbroker: rabbitmq\n',
});
const BROKER = {
  image: 'rabbitmq:4.1',
  hostname: 'broker',
  environment: { RABBITMQ_DEFAULT_USER: 'platform', RABBITMQ_DEFAULT_PASS: '${BROKER_PASSWORD:?}' },
  healthcheck: { test: ['CMD-SHELL', 'rabbitmq-diagnostics -q check_alarms'], interval: '10s' },
  volumes: [{ type: 'volume', source: 'broker-rabbitmq', target: '/var/lib/rabbitmq' }],
};
const accountOf = (name: string) => ({
  [name]: {
    environment: { BROKER_URL: `amqp://${name}:\${P:?}@broker:5672` },
    depends_on: {
      broker: { condition: 'service_healthy' },
      [`${name}-broker-account`]: { condition: 'service_completed_successfully' },
    },
  },
  [`${name}-broker-account`]: {
    image: 'rabbitmq:4.1',
    command: ['sh', '-ec', 'rabbitmqctl'],
    read_only: true,
    volumes_from: ['broker:ro'],
    environment: { ACCOUNT_PASSWORD: '${P:?}' },
    depends_on: { broker: { condition: 'service_healthy' } },
  },
});
const WRITTEN = { broker: BROKER, gateway: {}, ...accountOf('orders'), ...accountOf('mailer') };

interface Case {
  more?: string;
  written?: Record<string, object>;
  deployed?: string[];
}

function rendered({ more = 'broker: in-cluster\n', written = WRITTEN, deployed }: Case = {}) {
  const text = `engine: kubernetes\ncontext: far\nregistry: reg.example.com\n${more}`;
  const { source } = parseYaml('environments/production.yml', text);
  const names = deployed ?? PLATFORM.services.map(({ name }) => name);
  return renderPlatform({
    platform: PLATFORM,
    environment: checkKubernetesEnvironment('production', source!),
    written: { services: written as Record<string, Record<string, unknown>> },
    images: new Map(names.map((name) => [name, { key: name, image: `${name}@sha256:1` }])),
    ports: new Map([['broker', 5672]]),
  });
}

const entriesOf = (how?: Case) => rendered(how).entries.map(({ kind, name }) => `${kind} ${name}`);

/** An object of an entry, by its kind. */
function find<Kind>(entry: string, kind: string, how?: Case): Kind {
  const { objects } = rendered(how).entries.find(({ name }) => name === entry)!;
  return objects.find((object) => object.kind === kind) as Kind;
}

const podOf = (how?: Case) => find<IStatefulSet>('broker', 'StatefulSet', how).spec!.template.spec!;

describe('the broker of a cluster', () => {
  it('starts before the accounts, which start before the services', () => {
    expect(entriesOf()).toEqual([
      'broker broker',
      'service gateway',
      'job mailer-broker-account',
      'service mailer',
      'job orders-broker-account',
      'service orders',
    ]);
  });

  it.each<[string, Case, string[]]>([
    ['it is external', { more: '' }, ['service gateway', 'service mailer', 'service orders']],
    ['no service of the run uses it', { deployed: ['gateway'] }, ['service gateway']],
    [
      'datastores are external',
      { more: 'datastores: external\nbroker: in-cluster\n', deployed: ['orders'] },
      ['broker broker', 'job orders-broker-account', 'service orders'],
    ],
  ])('is rendered with what works at it, unless: %s', (_, how, expected) => {
    expect(entriesOf(how)).toEqual(expected);
  });

  it('lets in those that use it, deployed or not, and their jobs alone', () => {
    const policy = find<INetworkPolicy>('broker', 'NetworkPolicy', { deployed: ['orders'] });
    new NetworkPolicy(policy).validate();
    const rules = policy.spec!.ingress!.map(({ from, ports }) => [
      from!.map(({ podSelector }) => podSelector!.matchLabels!['app.kubernetes.io/name']),
      ports!.map(({ port }) => port),
    ]);
    expect(rules).toEqual([
      [['mailer', 'orders'], [5672]],
      // Erlang's own ports, by which rabbitmqctl works.
      [
        ['mailer-broker-account', 'orders-broker-account'],
        [5672, 4369, 25672],
      ],
    ]);
  });

  it('does not let in a service that runs elsewhere', () => {
    const more = 'broker: in-cluster\nlinks: { mailer: "https://mailer.example.com" }\n';
    const policy = JSON.stringify(find('broker', 'NetworkPolicy', { more }));
    expect(policy).toContain('"orders"');
    expect(policy).not.toContain('mailer');
  });

  it('is found by its name even while it is not ready, and finds itself', () => {
    expect(find<IService>('broker', 'Service').spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
    expect(podOf().hostAliases).toEqual([{ ip: '127.0.0.1', hostnames: ['broker'] }]);
  });

  it('is the RabbitMQ node that its entry names, and that a person may name', () => {
    const nameOf = (entry: object) => {
      const [container] = podOf({ written: { ...WRITTEN, broker: entry } }).containers;
      return container!.env!.filter(({ name }) => name === 'RABBITMQ_NODENAME');
    };
    const name = 'RABBITMQ_NODENAME';
    expect(nameOf(BROKER)).toEqual([{ name, value: 'rabbit@broker' }]);
    expect(nameOf({ ...BROKER, hostname: 'events' })).toEqual([{ name, value: 'rabbit@events' }]);
    const environment = { ...BROKER.environment, [name]: 'mine@broker' };
    expect(nameOf({ ...BROKER, environment })).toEqual([{ name, value: 'mine@broker' }]);
  });

  it('gives the jobs that make accounts its Erlang cookie, without its volume', () => {
    const [cookie] = podOf().initContainers!;
    const job = find<IJob>('orders-broker-account', 'Job');
    new Job(job).validate();
    const { initContainers, containers, volumes } = job.spec!.template.spec!;
    expect(initContainers).toEqual([cookie]);
    expect(cookie!.env![0]).toEqual({
      name: 'PASSWORD',
      valueFrom: { secretKeyRef: { name: 'broker', key: 'RABBITMQ_DEFAULT_PASS' } },
    });
    const mount = { name: 'broker-rabbitmq', mountPath: '/var/lib/rabbitmq' };
    expect([cookie!.volumeMounts, containers[0]!.volumeMounts]).toEqual([[mount], [mount]]);
    expect(volumes).toEqual([{ name: 'broker-rabbitmq', emptyDir: {} }]);
  });

  it('signs jobs in with the password that the running broker has, whatever today’s is', () => {
    const secrets = new Map([
      ['broker', 'broker-new'],
      ['orders-broker-account', 'orders-broker-account-1'],
    ]);
    const jobWith = (running?: string) => {
      const image = { key: 'k', image: 'i' };
      const { jobs, broker } = desiredService(rendered(), 'orders', image, secrets, running);
      expect(JSON.stringify(broker!.objects)).toContain('"broker-new"');
      return JSON.stringify(jobs[0]!.objects);
    };
    expect(jobWith()).toContain('"broker-new"');
    const old = jobWith('broker-old');
    expect(old).toContain('"broker-old"');
    expect(old).toContain('"orders-broker-account-1"');
    const set = find<LiveObject>('broker', 'StatefulSet');
    expect(runningBrokerSecret(liveObjects([set]))).toBe('broker');
    expect(runningBrokerSecret(new Map())).toBeUndefined();
  });

  it.each(BROKER_SERVERS)('%s runs as a pod that the restricted level takes', (engine) => {
    const broker = { ...BROKER, image: BACKING_IMAGES[engine], environment: {} };
    const how = { written: { ...WRITTEN, broker } };
    const set = find<IStatefulSet>('broker', 'StatefulSet', how);
    new StatefulSet(set).validate();
    const { securityContext, containers, initContainers = [] } = set.spec!.template.spec!;
    expect(securityContext).toMatchObject({ runAsNonRoot: true });
    expect(securityContext!.runAsUser).toBe(engine === 'kafka' ? 1000 : 999);
    for (const container of [...containers, ...initContainers]) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
    }
  });
});
