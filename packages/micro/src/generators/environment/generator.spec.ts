import { logger, type Tree } from '@nx/devkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { addService, createServiceTree } from '../../testing/service-tree';
import { treeFiles } from '../../testing/tree-files';
import { environmentGenerator, type EnvironmentSchema } from './generator';
import schemaJson from './schema.json';

describe('environment', () => {
  let tree: Tree;
  let warned: ReturnType<typeof vi.spyOn>;

  beforeEach(() => {
    vi.spyOn(logger, 'info').mockReturnValue();
    warned = vi.spyOn(logger, 'warn').mockReturnValue();
    tree = createServiceTree({
      gateway: 'kind: gateway\nport: 3001\n',
      orders: 'port: 3002\n',
    });
  });

  afterEach(() => vi.restoreAllMocks());

  const make = (schema: EnvironmentSchema) =>
    environmentGenerator(tree, { ...schema, skipFormat: true });
  const text = (name: string) => tree.read(`environments/${name}.yml`, 'utf8') ?? '';

  it.each<[EnvironmentSchema, object]>([
    [{ name: 'lab' }, { engine: 'compose' }],
    [{ name: 'lab', registry: '', publish: '' }, { engine: 'compose' }],
    [
      { name: 'lab', context: 'far' },
      { engine: 'compose', context: 'far' },
    ],
    [{ name: 'staging' }, { engine: 'compose', healthTimeout: 120 }],
    [{ name: 'production' }, { engine: 'compose', healthTimeout: 120, steady: 10 }],
    [
      { name: 'lab', publish: 8080 },
      { engine: 'compose', services: { gateway: { publish: '8080' } } },
    ],
    [
      { name: 'lab', publish: 'shop.example.com' },
      {
        engine: 'compose',
        services: { gateway: { publish: { host: 'shop.example.com', tls: 'auto' } } },
      },
    ],
    [
      { name: 'lab', publish: 'shop.localhost', tls: 'internal' },
      {
        engine: 'compose',
        services: { gateway: { publish: { host: 'shop.localhost', tls: 'internal' } } },
      },
    ],
    [
      {
        name: 'lab',
        host: 'ssh://deploy@example.com',
        registry: 'registry.example.com/shop',
        publish: '0.0.0.0:443',
      },
      {
        engine: 'compose',
        host: 'ssh://deploy@example.com',
        registry: 'registry.example.com/shop',
        services: { gateway: { publish: '0.0.0.0:443' } },
      },
    ],
  ])('%j', async (schema, expected) => {
    await make(schema);
    expect(parse(text(schema.name))).toEqual(expected);
  });

  it('writes comments with the possible settings into the file', async () => {
    await make({ name: 'production', host: 'ssh://deploy@example.com', publish: '443' });
    expect(text('production'))
      .toBe(`# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

# The Docker Engine to deploy to. Without \`registry:\`, images must be built on it.
engine: compose
host: ssh://deploy@example.com

# Services get more time to become healthy than in development, because they start beside others.
# A new version must stay healthy for longer, because some faults show only under real load.
healthTimeout: 120
steady: 10

# Overrides for single services, with all that can be set:
services:
  gateway:
    publish: "443"
    # replicas: 2
    # resources: { cpus: 0.5, memory: 256M }
    # environment: { LOG_LEVEL: debug }
    # secrets:
    #   STRIPE_KEY: { environment: STRIPE_KEY }

# Services that run elsewhere, with the URL for their consumers:
# links:
#   billing: https://billing.example.com
`);
  });

  it.each<[string, Record<string, string>, EnvironmentSchema, number | undefined]>([
    ['the first', {}, { name: 'lab' }, undefined],
    ['one beside others', { a: '', b: 'portOffset: 4000\n' }, { name: 'lab' }, 5000],
    ['one beside others elsewhere', { a: 'context: far\n' }, { name: 'lab' }, undefined],
    ['one elsewhere', { a: '' }, { name: 'lab', context: 'far' }, undefined],
    ['one beside a broken one', { a: '', b: 'portOffset: x\n' }, { name: 'lab' }, 1000],
  ])('of %s has ports that no other on its engine has', async (_, others, schema, expected) => {
    for (const [name, its] of Object.entries(others)) tree.write(`environments/${name}.yml`, its);
    await make(schema);
    expect((parse(text('lab')) as { portOffset?: number }).portOffset).toBe(expected);
  });

  it.each<[EnvironmentSchema, string]>([
    [{ name: 'lab', images: 'pushed' }, 'by digest: set `registry: registry.example.com/acme`'],
    [{ name: 'lab', images: 'local', registry: 'localhost:5000' }, 'Images stay on it'],
  ])('%j says "%s"', async (schema, says) => {
    await make(schema);
    expect(text('lab')).toContain(says);
    expect(text('lab')).toContain(`images: ${schema.images}\n`);
  });

  it('accepts a port as Nx passes it: --publish=8080 becomes a number', () => {
    expect(schemaJson.properties.publish.type).toEqual(['string', 'integer']);
  });

  it('writes a host on one line', async () => {
    await make({ name: 'lab', publish: 'shop.example.com' });
    expect(text('lab')).toContain(
      'services:\n  gateway:\n    publish: { host: shop.example.com, tls: auto }\n',
    );
  });

  it('changes nothing when it is run again', async () => {
    await make({ name: 'staging' });
    tree.write('environments/staging.yml', `${text('staging')}# ours\nsteady: 5\n`);
    const before = treeFiles(tree);
    await make({ name: 'staging', context: 'far', registry: 'registry.example.com' });
    expect(treeFiles(tree)).toEqual(before);
    expect(warned).toHaveBeenCalledWith(
      'environments/staging.yml already exists and was kept: edit it',
    );
  });

  it.each<[EnvironmentSchema, string]>([
    [{ name: 'Prod' }, '"Prod" cannot be an environment\'s name'],
    [{ name: 'lab', context: 'a', host: 'ssh://b' }, 'give either a docker context or a host'],
    [{ name: 'lab', host: 'example.com' }, 'the host is an address such as ssh://'],
    [{ name: 'lab', registry: 'https://registry.example.com' }, 'the registry is host[:port]'],
    [{ name: 'lab', publish: 'localhost:80' }, 'a host is a name in lower case without port'],
    [{ name: 'lab', publish: 'https://shop.example.com' }, 'a host is a name in lower case'],
    [{ name: 'lab', publish: 'localhost' }, 'no public authority gives a certificate'],
    [{ name: 'lab', publish: 8080, tls: 'auto' }, '--tls is for a host name'],
    [{ name: 'lab', tls: 'auto' }, 'add for example --publish=shop.example.com'],
  ])('refuses %j and writes nothing', async (schema, message) => {
    await expect(make(schema)).rejects.toThrow(message);
    expect(text('lab')).toBe('');
  });

  it('publishes one gateway only', async () => {
    addService(tree, 'admin', 'kind: gateway\nport: 3003\n');
    await expect(make({ name: 'lab', publish: 80 })).rejects.toThrow('there are admin, gateway');
    tree.write('apps/admin/service.yml', 'port: 3003\n');
    tree.write('apps/gateway/service.yml', 'port: 3001\n');
    await expect(make({ name: 'lab', publish: 80 })).rejects.toThrow('there is none');
  });
});
