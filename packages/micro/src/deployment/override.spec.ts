import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PushReceipt } from '../image/receipt';
import { parseEnvironment } from '../platform/environment';
import { recordedTask } from '../testing/service-task';
import type { ComposeEntry } from './entry';
import { asDeployed, isBeyondOverride, overrideFile, pinnedImage } from './override';

const DIGEST = `sha256:${'d'.repeat(64)}`;
const receipt: PushReceipt = {
  kind: 'pushed',
  service: 'orders',
  key: 'one',
  environment: 'production',
  image: 'registry.example.com/acme/orders:k-1',
  digest: DIGEST,
  tags: [],
  since: '',
};

it.each<[PushReceipt, string]>([
  [receipt, `registry.example.com/acme/orders:k-1@${DIGEST}`],
  [{ ...receipt, kind: 'local', imageId: 'x', image: 'acme/orders:k-1' }, 'acme/orders:k-1'],
])('pins the image of a push that is $kind', (given, expected) => {
  expect(pinnedImage(given)).toBe(expected);
});

describe('overrideFile', () => {
  const override = (environment: string, label?: string) =>
    overrideFile(
      recordedTask().service,
      parseEnvironment('production', environment),
      receipt,
      label,
    );

  it('pins the image and labels the container', () => {
    expect(parse(override('engine: compose', 'ports=1'))).toEqual({
      services: {
        orders: {
          image: pinnedImage(receipt),
          labels: {
            'org.micro.environment': 'production',
            'org.micro.image-key': 'one',
            'org.micro.entry': 'ports=1',
          },
        },
      },
    });
  });

  it('keeps a dollar sign in a variable, whatever is set on the machine that deploys', () => {
    const text = override('services: { orders: { environment: { HINT: "a$b$$c ${HOME}" } } }');
    expect(parse(text)).toMatchObject({
      services: { orders: { environment: { HINT: 'a$$b$$$$c $${HOME}' } } },
    });
  });

  it('names secrets and holds none of them', () => {
    const text = override(
      'services: { orders: { environment: { A: b }, secrets: { KEY: { environment: CI_KEY }, ACE: { file: ./ace } } } }',
    );
    expect(text).not.toMatch(/CI_KEY|\.\/ace/);
    expect(parse(text, { logLevel: 'silent' })).toMatchObject({
      services: {
        orders: {
          environment: {
            A: 'b',
            ACE_FILE: '/run/secrets/ACE',
            KEY_FILE: '/run/secrets/KEY',
          },
          volumes: [{ type: 'volume', target: '/run/secrets' }],
        },
      },
    });
  });

  it.each<[string, object]>([
    ['{ cpus: 0.5, memory: 256M }', { cpus: '0.5', memory: '256M' }],
    ['{ memory: 256M }', { memory: '256M' }],
  ])('limits resources to %s', (resources, limits) => {
    const text = override(`services: { orders: { resources: ${resources} } }`);
    expect(parse(text)).toMatchObject({
      services: { orders: { deploy: { resources: { limits } } } },
    });
  });

  it('passes a service its public address', () => {
    const text = override('services: { orders: { url: "https://shop.example.com" } }');
    expect(parse(text)).toMatchObject({
      services: { orders: { environment: { PUBLIC_URL: 'https://shop.example.com' } } },
    });
  });

  it('passes a consumer the address of a provider that runs elsewhere', () => {
    const links =
      'links: { billing: "https://billing.example.com", users: "https://users.example.com" }';
    const service = { ...recordedTask().service, consumes: ['billing'] };
    const text = overrideFile(service, parseEnvironment('production', links), receipt, undefined);
    expect((parse(text) as { services: { orders: object } }).services.orders).toMatchObject({
      environment: { MICROSERVICE_BILLING_URL: 'https://billing.example.com' },
    });
    expect(text).not.toContain('users.example.com');
  });

  it('replaces the ports of the compose file instead of adding to them', () => {
    const text = override(
      'services: { orders: { publish: 0.0.0.0:8080, environment: { LEVEL: 3 } } }',
    );
    expect(text).toContain('ports: !override\n');
    expect(parse(text, { logLevel: 'silent' })).toMatchObject({
      services: {
        orders: {
          environment: { LEVEL: '3' },
          ports: [
            { target: 3001, published: '8080', host_ip: '0.0.0.0', protocol: 'tcp', mode: 'host' },
          ],
        },
      },
    });
  });
});

describe('an entry as it is deployed', () => {
  const ports = (...published: (string | undefined)[]) => ({
    ports: published.map((one) => ({ target: 3001, host_ip: '127.0.0.1', published: one })),
  });
  const environment = (text: string) => parseEnvironment('staging', text);

  it.each<[string, ComposeEntry, ComposeEntry]>([
    ['', ports('3001'), ports('3001')],
    ['portOffset: 1000', ports('3001', '0', undefined), ports('4001', '0', undefined)],
    ['portOffset: 1000', ports('3001-3003'), ports('4001-4003')],
    ['portOffset: 1000', {}, {}],
    // What an environment says is meant as it stands there.
    ['{ portOffset: 1000, services: { orders: { publish: 80 } } }', ports('80'), ports('80')],
  ])('with %j', (text, entry, expected) => {
    const grace = { stop_grace_period: '40s' };
    expect(asDeployed({ ...entry, ...grace }, 'orders', environment(text))).toEqual({
      ...expected,
      ...grace,
    });
  });

  it('has the stop time of the service, if it sets none itself', () => {
    expect(asDeployed({}, 'orders', environment(''))).toEqual({ stop_grace_period: '40s' });
  });
});

const ADDED = { command: null, entrypoint: null, networks: { default: null } };

it.each<[string, ComposeEntry, boolean]>([
  ['what Compose makes of an override alone', { ...ADDED, image: 'x', labels: { a: 'b' } }, false],
  [
    'an override with all that it can have',
    { ...ADDED, image: 'x', deploy: {}, environment: {}, ports: [], volumes: [] },
    false,
  ],
  ['an entry that is built', { ...ADDED, build: { context: '.' } }, true],
  ['an entry with a command', { ...ADDED, command: ['node'] }, true],
  ['an entry in a network of its own', { ...ADDED, networks: { edge: null } }, true],
  ['no entry', {}, false],
])('%s: whether it is surely in the compose files', (_, entry, isSure) => {
  expect(isBeyondOverride(entry)).toBe(isSure);
});
