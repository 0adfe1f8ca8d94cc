import { logger, type Tree } from '@nx/devkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAnyEnvironment } from '../../platform/environment';
import { createServiceTree } from '../../testing/service-tree';
import { treeFiles } from '../../testing/tree-files';
import { environmentGenerator, type EnvironmentSchema } from './generator';

describe('environment --engine=ecs', () => {
  let tree: Tree;
  let told: string[];

  beforeEach(() => {
    told = [];
    vi.spyOn(logger, 'info').mockImplementation((line) => void told.push(String(line)));
    vi.spyOn(logger, 'warn').mockReturnValue();
    tree = createServiceTree({
      gateway: 'kind: gateway\nport: 3001\n',
      orders: 'port: 3002\ndatastores: { database: postgres }\n',
    });
  });

  afterEach(() => vi.restoreAllMocks());

  const make = (schema: Partial<EnvironmentSchema> = {}) =>
    environmentGenerator(tree, {
      ...{ name: 'production', engine: 'ecs', skipFormat: true },
      ...schema,
    });
  const text = (name = 'production') => tree.read(`environments/${name}.yml`, 'utf8') ?? '';

  it('writes comments with the possible settings, and a parameter for each address', async () => {
    await make({ registry: '210987654321.dkr.ecr.eu-west-1.amazonaws.com' });
    expect(text())
      .toBe(`# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

# Amazon ECS with Fargate. What is named here has to exist.
engine: ecs
region: eu-west-1
# cluster: acme-production

# Services find each other in this namespace of Service Connect.
# namespace: acme-production

# Images are pushed to it, and tasks pull them from it.
registry: 210987654321.dkr.ecr.eu-west-1.amazonaws.com

# The processor of the tasks; images are built for it.
# architecture: ARM64

# Where tasks run. The security groups must let the tasks reach each other.
subnets: [subnet-0123456789abcdef0]
securityGroups: [sg-0123456789abcdef0]
# In a subnet without NAT, tasks need a public address to pull their images: \`publicIp: true\`.

# The role with which ECS pulls images, writes logs and reads secrets.
executionRole: arn:aws:iam::210987654321:role/acme-production-execution

# The role of the services themselves, if they call AWS.
# taskRole: arn:aws:iam::210987654321:role/acme-production-tasks

# Datastores and the broker run elsewhere. Create these parameters (SecureString), each with its address or key.
# Overrides for single services, with all that can be set for the first:
services:
  orders:
    secrets:
      DATABASE_URL: arn:aws:ssm:eu-west-1:210987654321:parameter/acme/production/orders/DATABASE_URL
    # targetGroup: arn:aws:elasticloadbalancing:eu-west-1:210987654321:targetgroup/gateway/0123456789abcdef # publishes it
    # url: https://shop.example.com
    # resources: { cpus: 0.5, memory: 1G } # the size of a task
    # replicas: 2
    # autoscale: { min: 2, max: 6, cpu: 70 } # instead of replicas
    # environment: { LOG_LEVEL: debug }

# Services that run elsewhere, with the URL for their consumers:
# links:
#   billing: https://billing.example.com
`);
    expect(told).toEqual([
      'Check in environments/production.yml: subnets, securityGroups, executionRole',
      'Make what has to exist once: "micro render -e production --format=cloudformation" prints a template (other formats: terraform, cdk)',
      'Deploy to it with "nx run-many -t ecs-deploy -c production"',
    ]);
  });

  it('names one parameter for both ends of a link that has a key', async () => {
    tree.write('apps/gateway/service.yml', 'kind: gateway\nport: 3001\nconsumes: [orders]\n');
    tree.write('apps/orders/service.yml', 'port: 3002\nauth: service-keys\n');
    await make();
    const key =
      'arn:aws:ssm:eu-central-1:123456789012:parameter/acme/production/GATEWAY__ORDERS_SERVICE_KEY';
    const { services } = parseAnyEnvironment('production', text(), ['gateway', 'orders']);
    expect(services).toMatchObject({
      gateway: { secrets: { MICROSERVICE_ORDERS_KEY: key } },
      orders: { secrets: { CALLER_GATEWAY_KEY: key } },
    });
  });

  it('is valid without an option, and with every comment taken away', async () => {
    tree.write('apps/orders/service.yml', 'port: 3002\n');
    await make();
    expect(told[0]).toBe(
      'Check in environments/production.yml: region: eu-central-1, registry, subnets, securityGroups, executionRole',
    );
    const possible = text()
      .replace(/^# (?=[a-zA-Z]+:| +\S)/gm, '')
      .replace(/^.*replicas: .*\n/m, '');
    const names = ['gateway', 'orders', 'billing'];
    expect(parseAnyEnvironment('production', possible, names)).toMatchObject({
      engine: 'ecs',
      cluster: 'acme-production',
      architecture: 'ARM64',
      services: { gateway: { url: 'https://shop.example.com', autoscale: { max: 6 } } },
      links: { billing: 'https://billing.example.com' },
    });
  });

  it.each<[Partial<EnvironmentSchema>, string]>([
    [{ cluster: 'shop', region: 'us-east-1' }, 'region: us-east-1\ncluster: shop\n'],
    [{ registry: 'registry.example.com/acme' }, 'registry: registry.example.com/acme\n'],
    [{ registry: '', region: '', cluster: '' }, 'region: eu-central-1\n'],
  ])('takes %j', async (schema, expected) => {
    await make(schema);
    expect(text()).toContain(expected);
  });

  it.each<[Partial<EnvironmentSchema>, string]>([
    [
      { host: 'ssh://a', publish: 'shop.example.com', tls: 'auto', namespace: 'a' },
      '--host is not for --engine=ecs: name the cluster by --cluster and --region\n--publish is not for --engine=ecs: write "targetGroup" of the gateway into the file\n--tls is not for --engine=ecs: the load balancer has the certificate\n--namespace is not for --engine=ecs: write "namespace" into the file',
    ],
    [
      { engine: 'compose', region: 'us-east-1' },
      '--region is not for --engine=compose: name the engine by --host or --context',
    ],
    [
      { engine: 'kubernetes', cluster: 'shop' },
      '--cluster is not for --engine=kubernetes: name the cluster by --context',
    ],
  ])('refuses %j', async (schema, message) => {
    const before = treeFiles(tree);
    await expect(make(schema)).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });

  it('keeps your edits if you run it again', async () => {
    await make();
    tree.write('environments/production.yml', `${text()}# mine\n`);
    const before = treeFiles(tree);
    await make({ region: 'us-east-1' });
    expect(treeFiles(tree)).toEqual(before);
  });
});
