import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { PlatformError } from '../platform/problem';
import { serviceNamed } from '../platform/platform';
import { platformOf } from '../testing/platform';
import { ComposeEdit } from './compose-edit';
import { deriveServiceCompose } from './service-compose';

const MANIFESTS = { orders: 'port: 3001\nconsumes: [users]', users: 'port: 3002' };

function derive(current: string, manifests: Record<string, string> = MANIFESTS) {
  const platform = platformOf(manifests);
  const file = deriveServiceCompose(platform, serviceNamed(platform, 'orders'), current);
  const again = deriveServiceCompose(platform, serviceNamed(platform, 'orders'), file.text);
  expect(again.drift).toEqual([]);
  return file;
}

/** What Compose reads: `<<` merged. */
function merged(text: string): Record<string, unknown> {
  const { services } = parseDocument(text, { merge: true }).toJS({ maxAliasCount: -1 }) as {
    services: Record<string, Record<string, unknown>>;
  };
  return services['orders']!;
}

const OWN = `    image: acme/orders:local
    build:
      context: ../..
      dockerfile: apps/orders/Dockerfile
`;

describe('what "<<" merges in', () => {
  it('is kept when the entry gets variables of its own, and stays shared', () => {
    const before = `x-common: &common
  restart: always
  environment:
    LOG_LEVEL: debug # for all
services:
  orders:
    <<: *common
${OWN}`;
    const { text, drift } = derive(before);
    expect(drift.slice(0, 2)).toEqual(['PORT is missing', 'MICROSERVICE_USERS_URL is missing']);
    expect(text).toContain(`x-common: &common
  restart: always
  environment: &orders-environment
    LOG_LEVEL: debug # for all
`);
    expect(text).toContain(`    environment:
      <<: *orders-environment
      PORT: '3001'
      MICROSERVICE_USERS_URL: http://users:3002
`);
    expect(merged(text)['environment']).toEqual({
      LOG_LEVEL: 'debug',
      PORT: '3001',
      MICROSERVICE_USERS_URL: 'http://users:3002',
    });
  });

  it('satisfies the manifest, also through several maps and nested anchors', () => {
    const before = `x-env: &env { PORT: '3001', MICROSERVICE_USERS_URL: 'http://users:3002' }
x-wait: &wait
  depends_on: { users: { condition: service_started } }
  networks: [edge]
x-common: &common
  <<: *wait
  environment: { <<: *env, LOG_LEVEL: debug }
services:
  orders:
    <<: [{ init: true }, *common]
${OWN}networks:
  edge:
`;
    expect(derive(before)).toMatchObject({ text: before, drift: [] });
  });

  it('is overridden for one service if the manifest says something else', () => {
    const before = `x-common: &common
  environment: { PORT: '80', LOG_LEVEL: debug }
  networks: [mesh]
  deploy: { replicas: 1, resources: { limits: { memory: 64M } } }
services:
  orders:
    <<: *common
${OWN}  other:
    <<: *common
networks:
  edge:
`;
    const { text } = derive(before, {
      ...MANIFESTS,
      orders: `${MANIFESTS.orders}\nreplicas: 2\nresources: { memory: 256M }`,
    });
    expect(merged(text)).toMatchObject({
      environment: { PORT: '3001', LOG_LEVEL: 'debug' },
      networks: ['mesh', 'edge'],
      deploy: { replicas: 2, resources: { limits: { memory: '256M' } } },
    });
    const common = parseDocument(text).getIn(['x-common']) as { toJSON(): unknown };
    expect(common.toJSON()).toMatchObject({
      environment: { PORT: '80' },
      networks: ['mesh'],
      deploy: { replicas: 1 },
    });
  });

  it('may be a list of variables: its items are copied', () => {
    const before = `x-common: &common
  environment:
    - LOG_LEVEL=debug
services:
  orders:
    <<: *common
${OWN}`;
    const { text } = derive(before);
    expect(merged(text)['environment']).toEqual([
      'LOG_LEVEL=debug',
      'PORT=3001',
      'MICROSERVICE_USERS_URL=http://users:3002',
    ]);
  });

  it('is a problem with its line if the manifest contradicts it', () => {
    const before = `x-common: &common
  deploy:
    replicas: 3
services:
  orders:
    <<: *common
${OWN}`;
    expect(() => derive(before)).toThrow(PlatformError);
    expect(() => derive(before)).toThrow(
      'apps/orders/compose.yaml:3: deploy.replicas is merged into services.orders with "<<", but deploy.replicas is not in the manifest: remove it from the shared values',
    );
  });
});

describe('comments', () => {
  const edited = (text: string, edit: (edit: ComposeEdit) => void) => {
    const file = new ComposeEdit('compose.yaml', text);
    edit(file);
    return file.toFile().text;
  };
  const converge = (text: string, wanted: Record<string, string>) =>
    edited(text, (file) =>
      file.converge(['a'], { wanted, isStale: () => true, form: 'map', ownsValues: true }),
    );

  it.each([
    [
      'over the first entry goes with it',
      'a:\n  # about x\n  x: 1\n  # about y\n  y: 2\n',
      'a:\n  # about y\n  y: 2\n',
    ],
    [
      'behind an entry goes with it',
      'a:\n  x: 1 # about x\n  y: 2 # about y\n',
      'a:\n  y: 2 # about y\n',
    ],
    [
      'about the whole stays',
      'a:\n  # about all\n\n  # about x\n  x: 1\n  y: 2\n',
      'a:\n  # about all\n\n  y: 2\n',
    ],
    [
      'about what follows stays',
      'a:\n  y: 2\n\n  # about these\n\n  # about x\n  x: 1\n  # about z\n  z: 3\n',
      'a:\n  y: 2\n\n  # about these\n\n  # about z\n  z: 3\n',
    ],
    ['below the last entry stays', 'a:\n  y: 2\n  x: 1\n  # end\n', 'a:\n  y: 2\n  # end\n'],
    [
      'over the first item of a list goes with it',
      'a:\n  # about x\n  - x=1\n  # about y\n  - y=2\n',
      'a:\n  # about y\n  - y=2\n',
    ],
  ])('%s', (_, text, expected) => {
    const rest: Record<string, string> = text.includes('z: 3') ? { y: '2', z: '3' } : { y: '2' };
    expect(converge(text, rest)).toBe(expected);
  });

  it('behind a value stays when the value is replaced', () => {
    expect(converge('a:\n  y: 1 # ours\n', { y: '2' })).toBe("a:\n  y: '2' # ours\n");
    const port = 'ports:\n  # for people\n  - 80:80 # ours\n  - 81:81\n';
    expect(edited(port, (file) => file.replaceItem(['ports'], 0, '82:80', 'moved'))).toBe(
      'ports:\n  # for people\n  - 82:80 # ours\n  - 81:81\n',
    );
  });

  it('over the first entry stays with it when a new entry is added before it', () => {
    const list = 'a:\n  # all\n\n  # about y\n  - y\n';
    expect(edited(list, (file) => file.insertItem(['a'], 0, 'x', 'new'))).toBe(
      'a:\n  # all\n\n  - x\n  # about y\n  - y\n',
    );
    const map = 'a:\n  # about y\n  y: 1\n';
    expect(edited(map, (file) => file.seedSorted(['a', 'x'], 1, 'new'))).toBe(
      'a:\n  x: 1\n  # about y\n  y: 1\n',
    );
  });

  it('at the head of the file stays, whatever is removed', () => {
    const remove = (text: string) => edited(text, (file) => file.remove(['a'], 'gone'));
    expect(remove('# the file\na: 1\nb: 2\n')).toBe('# the file\n\nb: 2\n');
    expect(remove('# the file\n\n# about a\na: 1\n# about b\nb: 2\n')).toBe(
      '# the file\n\n# about b\nb: 2\n',
    );
    expect(remove('# the file\n\na: 1\nb: 2\n')).toBe('# the file\n\nb: 2\n');
  });

  it('of an entry without a value stays when the entry gets one', () => {
    const text = 'a: # ours\nb: 1\n';
    expect(edited(text, (file) => file.set(['a', 'x'], 1))).toBe('a:\n  # ours\n  x: 1\nb: 1\n');
  });
});
