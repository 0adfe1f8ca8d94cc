import { describe, expect, it } from 'vitest';
import type { ComposeConfig } from '../deployment/entry';
import { checkEcsEnvironment } from '../platform/ecs-environment';
import { parseYaml } from '../platform/yaml-source';
import { platformOf } from '../testing/platform';
import { ecsFolder } from './folder';
import { ecsProblems } from './problems';
import { renderEcs } from './render';

const PLATFORM = platformOf({
  gateway: 'kind: gateway\nport: 3001\nconsumes: [orders]\n',
  orders:
    'port: 3002\nconsumes: [users]\ndatastores: { database: postgres }\nexpose: public\nroutes: [/orders]\n',
  reports: 'port: 3004\nkind: worker\n',
  users: 'port: 3003\nreplicas: 2\ngrpcPort: 4003\nresources: { cpus: 1, memory: 2G }\n',
});

const OWN = { build: { context: '.', dockerfile: 'apps/orders/Dockerfile' }, tmpfs: ['/tmp'] };
const JOB = 'service_completed_successfully';

const WRITTEN = {
  services: {
    gateway: {
      stop_grace_period: '40s',
      environment: { PORT: '3001', METRICS: '${METRICS:-off}' },
    },
    orders: {
      ...OWN,
      init: true,
      read_only: true,
      environment: { PORT: '3002', DATABASE_URL: 'postgres://${P:?}@orders-database/orders' },
      depends_on: {
        'orders-database': { condition: 'service_healthy' },
        'orders-database-accounts': { condition: JOB },
        'orders-migrate': { condition: JOB },
      },
    },
    reports: { environment: { PRICE: '5$$' }, healthcheck: { disable: true } },
    users: {},
    'orders-database-accounts': { image: 'postgres:17-bookworm', environment: { P: '${P:?}' } },
    'orders-migrate': {
      ...OWN,
      read_only: true,
      command: ['node', 'main.js', 'migrate'],
      environment: { DATABASE_URL: 'postgres://${O:?}@orders-database/orders' },
    },
  },
};

const DATABASE =
  'arn:aws:ssm:eu-central-1:123456789012:parameter/acme/production/orders/DATABASE_URL';
const TARGET = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/gateway/0a1b';

const COMPLETE = `services:
  gateway:
    targetGroup: ${TARGET}
    url: https://shop.example.com
    autoscale: { min: 2, max: 6, cpu: 70, memory: 80 }
  orders:
    secrets: { DATABASE_URL: '${DATABASE}' }
    taskRole: orders
`;

const NAMES = PLATFORM.services.map(({ name }) => name);
const imageOf = (name: string) => `reg.example.com/acme/${name}@sha256:${'a'.repeat(64)}`;

function environmentOf(more: string) {
  const text = `engine: ecs
region: eu-central-1
registry: reg.example.com
subnets: [subnet-0a]
securityGroups: [sg-0a]
executionRole: execution
${more}`;
  return checkEcsEnvironment(
    'production',
    parseYaml('environments/production.yml', text).source!,
    NAMES,
  );
}

function rendered(more = COMPLETE, written: ComposeConfig = WRITTEN) {
  return renderEcs({
    platform: PLATFORM,
    environment: environmentOf(more),
    written,
    images: new Map(NAMES.map((name) => [name, { key: `key-${name}`, image: imageOf(name) }])),
    healthChecks: new Map([
      ['orders', { test: ['CMD', 'node', 'check.js'], interval: '1s', timeout: '3s' }],
    ]),
  });
}

function entryOf(name: string, more?: string, written?: ComposeConfig) {
  return rendered(more, written).entries.find((entry) => entry.name === name)!;
}

function containerOf(name: string, more?: string, written?: ComposeConfig) {
  return entryOf(name, more, written).taskDefinition.containerDefinitions!.at(-1)!;
}

function serviceOf(name: string, more?: string) {
  const entry = entryOf(name, more);
  if (entry.kind !== 'service') throw new Error(`${name} is a job`);
  return entry;
}

describe('renderEcs', () => {
  it('starts providers before consumers, and migrations before their service', () => {
    expect(rendered().entries.map(({ name }) => name)).toEqual([
      ...['users', 'orders-migrate', 'orders', 'gateway', 'reports'],
    ]);
  });

  it('makes a task of a service that is as locked as its container in Compose', () => {
    const logs = {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': '/acme/production',
        'awslogs-region': 'eu-central-1',
        'awslogs-stream-prefix': 'orders',
        mode: 'non-blocking',
        'max-buffer-size': '25m',
      },
    };
    const folder = { sourceVolume: 'temporary-0', containerPath: '/tmp', readOnly: false };
    expect(entryOf('orders').taskDefinition).toEqual({
      family: 'acme-production-orders',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
      cpu: '256',
      memory: '512',
      executionRoleArn: 'execution',
      taskRoleArn: 'orders',
      containerDefinitions: [
        {
          name: 'orders-folders',
          image: imageOf('orders'),
          essential: false,
          entryPoint: ['node'],
          command: [
            '-e',
            "for (const path of process.argv.slice(1)) require('node:fs').chmodSync(path, 0o1777)",
            '/tmp',
          ],
          mountPoints: [folder],
          user: '0',
          readonlyRootFilesystem: true,
          linuxParameters: { capabilities: { drop: ['ALL'] } },
          logConfiguration: logs,
        },
        {
          name: 'orders',
          image: imageOf('orders'),
          essential: true,
          environment: [
            { name: 'MICROSERVICE_USERS_GRPC_URL', value: 'http://users-grpc:4003' },
            { name: 'PORT', value: '3002' },
          ],
          secrets: [{ name: 'DATABASE_URL', valueFrom: DATABASE }],
          portMappings: [
            { name: 'http', containerPort: 3002, protocol: 'tcp', appProtocol: 'http' },
          ],
          healthCheck: {
            command: ['CMD', 'node', 'check.js'],
            ...{ interval: 5, timeout: 3, retries: 3, startPeriod: 60 },
          },
          dependsOn: [{ containerName: 'orders-folders', condition: 'SUCCESS' }],
          mountPoints: [folder],
          user: '1000',
          readonlyRootFilesystem: true,
          linuxParameters: { capabilities: { drop: ['ALL'] }, initProcessEnabled: true },
          stopTimeout: 40,
          logConfiguration: logs,
        },
      ],
      volumes: [{ name: 'temporary-0' }],
      tags: [
        { key: 'org.micro/platform', value: 'acme' },
        { key: 'org.micro/environment', value: 'production' },
        { key: 'org.micro/entry', value: 'orders' },
        { key: 'org.micro.image-key', value: 'key-orders' },
      ],
    });
  });

  it('gives each service the names that its callers use', () => {
    expect(serviceOf('users').createService.serviceConnectConfiguration).toMatchObject({
      enabled: true,
      namespace: 'acme-production',
      services: [
        {
          portName: 'http',
          discoveryName: 'users',
          clientAliases: [{ dnsName: 'users', port: 3003 }],
          timeout: { perRequestTimeoutSeconds: 0 },
        },
        { portName: 'grpc', clientAliases: [{ dnsName: 'users-grpc', port: 4003 }] },
      ],
    });
    expect(serviceOf('reports').createService.serviceConnectConfiguration).not.toHaveProperty(
      'services',
    );
  });

  it('publishes a gateway by its target group, and goes back if a deploy fails', () => {
    expect(serviceOf('gateway').createService).toMatchObject({
      cluster: 'acme-production',
      serviceName: 'acme-production-gateway',
      taskDefinition: 'acme-production-gateway',
      desiredCount: 2,
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      loadBalancers: [{ targetGroupArn: TARGET, containerName: 'gateway', containerPort: 3001 }],
      healthCheckGracePeriodSeconds: 60,
      networkConfiguration: {
        awsvpcConfiguration: {
          ...{ subnets: ['subnet-0a'], securityGroups: ['sg-0a'], assignPublicIp: 'DISABLED' },
        },
      },
    });
    expect(serviceOf('orders').createService).not.toHaveProperty('loadBalancers');
    expect(containerOf('gateway').environment).toEqual([
      { name: 'METRICS', value: 'off' },
      { name: 'PORT', value: '3001' },
      { name: 'PUBLIC_URL', value: 'https://shop.example.com' },
      {
        name: 'TRUST_PROXY',
        value: '127.0.0.1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,100.64.0.0/10',
      },
    ]);
  });

  it('scales on what the environment says', () => {
    const { autoscaler } = serviceOf('gateway');
    const what = {
      ServiceNamespace: 'ecs',
      ResourceId: 'service/acme-production/acme-production-gateway',
      ScalableDimension: 'ecs:service:DesiredCount',
    };
    expect(autoscaler?.target).toMatchObject({ ...what, MinCapacity: 2, MaxCapacity: 6 });
    const metric = (PredefinedMetricType: string, TargetValue: number) => ({
      TargetValue,
      PredefinedMetricSpecification: { PredefinedMetricType },
    });
    expect(autoscaler?.policies.map(({ input }) => input)).toEqual([
      {
        ...{ ...what, PolicyName: 'acme-production-gateway-cpu' },
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: metric('ECSServiceAverageCPUUtilization', 70),
      },
      {
        ...{ ...what, PolicyName: 'acme-production-gateway-memory' },
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: metric('ECSServiceAverageMemoryUtilization', 80),
      },
    ]);
    expect(serviceOf('orders').autoscaler).toBeUndefined();
  });

  it('runs a migration once, with the secrets of its service and no port', () => {
    const entry = entryOf('orders-migrate');
    expect(entry).toMatchObject({
      kind: 'job',
      service: 'orders',
      runTask: {
        taskDefinition: 'acme-production-orders-migrate',
        count: 1,
        launchType: 'FARGATE',
      },
    });
    const container = containerOf('orders-migrate');
    expect(container).toMatchObject({
      command: ['node', 'main.js', 'migrate'],
      environment: [],
      secrets: [{ name: 'DATABASE_URL', valueFrom: DATABASE }],
    });
    expect(container).not.toHaveProperty('portMappings');
    expect(container).not.toHaveProperty('healthCheck');
  });

  it('takes sizes from the environment, then from the manifest', () => {
    const size = (name: string, more?: string) => {
      const { cpu, memory } = entryOf(name, more).taskDefinition;
      return [cpu, memory];
    };
    expect(size('users')).toEqual(['1024', '2048']);
    expect(size('users', 'services: { users: { resources: { cpus: 2 } } }\n')).toEqual([
      ...['2048', '4096'],
    ]);
    expect(serviceOf('users').createService.desiredCount).toBe(2);
    const replicas = 'services: { users: { replicas: 3 } }\n';
    expect(serviceOf('users', replicas).createService.desiredCount).toBe(3);
  });

  it('asks /ready if neither the entry nor the Dockerfile says how, and nothing if that is off', () => {
    expect(containerOf('users').healthCheck?.command?.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
    expect(containerOf('users').healthCheck?.command?.[3]).toContain("path: '/ready'");
    expect(containerOf('reports')).not.toHaveProperty('healthCheck');
    const healthcheck = { test: ['CMD-SHELL', 'test "$$A"'], interval: '20s', retries: 12 };
    const written = { services: { users: { healthcheck } } };
    expect(containerOf('users', '', written).healthCheck).toEqual({
      command: ['CMD-SHELL', 'test "$A"'],
      ...{ interval: 20, timeout: 30, retries: 10, startPeriod: 60 },
    });
  });

  it('writes a doubled dollar of Compose as one, and addresses of services that run elsewhere', () => {
    expect(containerOf('reports').environment).toEqual([{ name: 'PRICE', value: '5$' }]);
    const more = `${COMPLETE}links: { users: 'https://users.example.com' }\n`;
    expect(entryOf('users', more)).toBeUndefined();
    expect(containerOf('orders', more).environment).toContainEqual({
      name: 'MICROSERVICE_USERS_URL',
      value: 'https://users.example.com',
    });
  });

  it('is the same text each time, in which no value of .env is', () => {
    const text = JSON.stringify(ecsFolder(rendered()));
    expect(JSON.stringify(ecsFolder(rendered()))).toBe(text);
    expect(text).not.toMatch(/\$\{|orders-database\//);
  });

  it('is a file for each call, listed in the order of the calls', () => {
    const files = ecsFolder(rendered());
    const list = JSON.parse(files.at(-1)!.text) as { files: string[] };
    expect(list.files).toEqual([
      ...['users.task-definition.json', 'users.service.json'],
      ...['orders-migrate.task-definition.json', 'orders-migrate.run-task.json'],
      ...['orders.task-definition.json', 'orders.service.json'],
      ...['gateway.task-definition.json', 'gateway.service.json'],
      'gateway.scalable-target.json',
      ...['gateway.scaling-policy-cpu.json', 'gateway.scaling-policy-memory.json'],
      ...['reports.task-definition.json', 'reports.service.json'],
    ]);
    expect(files.map(({ path }) => path)).toEqual([...list.files, 'index.json']);
  });
});

describe('ecsProblems', () => {
  const problems = (more: string, written: ComposeConfig = WRITTEN, platform = PLATFORM) =>
    ecsProblems(rendered(more, written), platform, environmentOf(more), written).map(
      ({ where, path, message }) => `${where} ${path.join('.')}: ${message}`,
    );

  it('finds none in a complete environment', () => {
    expect(problems(COMPLETE)).toEqual([]);
  });

  it('names addresses that nobody gave, and values that are only in .env', () => {
    const gateway = { environment: { TOKEN: '${TOKEN:?}' } };
    const written = { services: { ...WRITTEN.services, gateway } };
    expect(new Set(problems('', written))).toEqual(
      new Set([
        'environment services.orders: services.orders has no DATABASE_URL: on ECS, datastores and the broker run elsewhere. Add its ARN under "secrets"',
        'environment services.gateway: services.gateway has no TOKEN: its value is in .env, which no task has. Add its ARN under "secrets"',
      ]),
    );
  });

  it('names settings that would be lost, and a service that would be killed', () => {
    const users = { env_file: ['a.env'], volumes: [], stop_grace_period: '3m', privileged: false };
    expect(problems(COMPLETE, { services: { ...WRITTEN.services, users } })).toEqual([
      'compose services.users.env_file: "env_file" of users is not rendered for ECS: remove it, or keep users on an environment with "engine: compose" and name its address under "links"',
      'compose services.users.stop_grace_period: users may take 180 s to stop, and Fargate kills it after 120 s: set "stop_grace_period" and STOP_TIMEOUT_MS to less',
    ]);
  });

  it('names a size of a manifest that Fargate does not have', () => {
    const platform = platformOf({ users: 'port: 3003\nresources: { memory: 256M }\n' });
    const environment = environmentOf('');
    const written = { services: {} };
    const images = new Map([['users', { key: 'k', image: imageOf('users') }]]);
    const input = { platform, environment, written, images, healthChecks: new Map() };
    expect(ecsProblems(renderEcs(input), platform, environment, written)).toEqual([
      {
        service: 'users',
        where: 'manifest',
        path: ['resources'],
        message:
          'Fargate has no size with 256M of memory: choose from 512M, 1G, 2G and more whole G. For ECS alone, set "resources" of services.users in environments/production.yml',
      },
    ]);
  });
});
