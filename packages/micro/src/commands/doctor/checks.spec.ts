import { describe, expect, it } from 'vitest';
import { checkFacts, type DoctorFacts } from './checks';
import { formatChecks } from './command';
import { plain } from '../shell';

const GOOD: DoctorFacts = {
  node: '24.21.0',
  nx: '23.2.1',
  lockfileGaps: [],
  engine: { kind: 'answers', name: 'Docker', client: '28.2.2', server: '26.1.5+dfsg1' },
  buildx: 'github.com/docker/buildx v0.13.1 abc',
  compose: 'v2.31.0',
  disk: { folder: '/var/lib/docker', free: 50e9 },
  platforms: { known: ['linux/amd64', 'linux/amd64/v2', 'linux/arm64'], wanted: ['linux/arm64'] },
  ports: [
    {
      service: 'gateway',
      address: '127.0.0.1:3000',
      chosenIn: 'environments/development.yml',
      throughEdge: false,
      state: 'free',
    },
  ],
  registry: { host: 'registry.example.com', answer: 'answers' },
  missingSecrets: [],
  contradictions: [],
  keepsImages: 'registry',
  sync: { kind: 'in-step' },
};

const NOW = new Date('2026-11-27T12:00:00Z');

const check = (facts: Partial<DoctorFacts>) => checkFacts({ ...GOOD, ...facts }, NOW);

describe('checkFacts', () => {
  it('says what a service does otherwise as a Lambda function, and fails if it is of no use there', () => {
    const limit = { file: 'apps/a/service.yml', line: 3 };
    const limits = [
      { ...limit, message: 'no gRPC', works: 'otherwise' as const },
      { ...limit, message: 'a worker', works: 'never' as const },
    ];
    expect(check({ functionLimits: limits }).filter(({ what }) => what === 'lambda')).toEqual([
      {
        level: 'warn',
        what: 'lambda',
        says: 'apps/a/service.yml:3: no gRPC',
        advice: 'docs/lambda.md says what differs',
      },
      {
        level: 'fail',
        what: 'lambda',
        says: 'apps/a/service.yml:3: a worker',
        advice: 'remove "lambda: true"',
      },
    ]);
  });

  it('finds nothing wrong if nothing is', () => {
    expect(formatChecks(check({}), plain)).toEqual([
      'ok  Node       24.21.0',
      'ok  Nx         23.2.1',
      'ok  lockfile   package-lock.json has every optional package',
      'ok  engine     26.1.5+dfsg1 (client 28.2.2)',
      'ok  buildx     0.13.1',
      'ok  Compose    2.31.0',
      'ok  disk       50.0 GB free in /var/lib/docker',
      'ok  platforms  builds for linux/amd64, linux/arm64',
      'ok  port       127.0.0.1:3000 free for gateway',
      'ok  registry   registry.example.com answers',
      'ok  secrets    .env has all passwords and keys',
      'ok  pruning    "docker system prune --all" removes no release: a rollback pulls its images again',
      'ok  sync       every derived file is up to date with the manifests',
    ]);
  });

  it.each<[string, Partial<DoctorFacts>, 'warn' | 'fail', string, RegExp]>([
    ['an old Node', { node: '18.20.0' }, 'fail', 'Node', /install Node 24/],
    ['a Node of the last resort', { node: '20.20.2' }, 'warn', 'Node', /security fixes/],
    ['no Nx', { nx: undefined }, 'fail', 'Nx', /npm install/],
    ['an old Nx', { nx: '21.6.1' }, 'fail', 'Nx', /22, 23 and 24/],
    ['a new Nx', { nx: '25.0.0-beta.1' }, 'fail', 'Nx', /22, 23 and 24/],
    [
      'a compose file that a deploy cannot keep to',
      { contradictions: ['apps/orders/compose.yaml:4: container_name "orders"'] },
      'fail',
      'compose',
      /before it changes anything/,
    ],
    [
      'a lockfile that npm ci refuses',
      { lockfileGaps: [{ of: 'vite 8.4.0', package: 'vite', missing: ['napi'] }] },
      'warn',
      'lockfile',
      /use an older version of vite \(with "overrides" in package\.json,/,
    ],
    [
      'the same because of a manifest of the workspace',
      { lockfileGaps: [{ of: 'package.json', missing: ['napi'] }] },
      'warn',
      'lockfile',
      /your registry does not have it: remove napi from it$/,
    ],
    [
      'no engine',
      { engine: { kind: 'silent', problem: 'no Docker Engine answers' } },
      'fail',
      'engine',
      /start it/,
    ],
    [
      'an old engine',
      { engine: { kind: 'answers', name: 'Docker', client: '20.10.24', server: '20.10.24' } },
      'fail',
      'engine',
      /23 or later/,
    ],
    [
      'Podman, whose version is no version of Docker',
      { engine: { kind: 'answers', name: 'Podman', client: '28.2.2', server: '5.8.6' } },
      'warn',
      'engine',
      /only if systemd runs, and has no log driver "local": write "json-file" into compose entries/,
    ],
    [
      'an old Podman',
      { engine: { kind: 'answers', name: 'Podman', client: '28.2.2', server: '4.9.4' } },
      'fail',
      'engine',
      /Podman 5 or later/,
    ],
    ['no buildx', { buildx: undefined }, 'fail', 'buildx', /docker-buildx-plugin/],
    ['an old buildx', { buildx: 'v0.7.1' }, 'fail', 'buildx', /0\.8/],
    ['no Compose', { compose: undefined }, 'fail', 'Compose', /docker-compose-plugin/],
    ['Compose without include', { compose: '2.17.2' }, 'fail', 'Compose', /"include"/],
    ['Compose without !override', { compose: '2.24.3' }, 'fail', 'Compose', /"!override"/],
    ['Compose that recreates', { compose: 'v2.26.1-ds1' }, 'warn', 'Compose', /#12069/],
    [
      'a full disk',
      { disk: { folder: '/x', free: 0.5e9 } },
      'fail',
      'disk',
      /docker builder prune/,
    ],
    ['a disk that fills', { disk: { folder: '/x', free: 4e9 } }, 'warn', 'disk', /system df/],
    [
      'a platform that cannot be built for',
      { platforms: { known: ['linux/amd64'], wanted: ['linux/arm64'] } },
      'fail',
      'platforms',
      /binfmt/,
    ],
    [
      'a port that is taken',
      {
        ports: [
          {
            service: 'gateway',
            address: '0.0.0.0:80',
            chosenIn: 'environments/x.yml',
            throughEdge: true,
            state: { takenBy: 'nginx' },
          },
        ],
      },
      'fail',
      'port',
      /another port with environments\/x\.yml/,
    ],
    [
      'a registry that refuses',
      { registry: { host: 'registry.example.com', answer: 'denied' } },
      'fail',
      'registry',
      /docker login registry\.example\.com/,
    ],
    [
      'a registry that does not answer',
      { registry: { host: 'registry.example.com', answer: 'silent' } },
      'fail',
      'registry',
      /check its address/,
    ],
    [
      'a registry that nobody named',
      { registry: { host: '', answer: 'unnamed', problem: 'production names none' } },
      'fail',
      'registry',
      /add "registry:" to the environment, or "images: local"/,
    ],
    ['a missing password', { missingSecrets: ['A_PASSWORD'] }, 'fail', 'secrets', /npx micro env/],
    ['drift', { sync: { kind: 'drifted', says: 'x' } }, 'fail', 'sync', /npx nx sync/],
    ['no answer of Nx', { sync: { kind: 'failed', says: 'x' } }, 'fail', 'sync', /sync:check/],
  ])('finds %s, and says what to do', (_, facts, level, what, advice) => {
    const found = check(facts).filter((one) => one.level !== 'ok');
    expect(found).toEqual([
      {
        level,
        what,
        says: expect.anything() as string,
        advice: expect.stringMatching(advice) as string,
      },
    ]);
  });

  it('names the optional packages that a lockfile lacks, and whose they are', () => {
    const missing = ['a', 'b', 'c', 'd', 'e'];
    const found = check({ lockfileGaps: [{ of: 'esbuild 0.28.0', package: 'esbuild', missing }] });
    expect(found.find(({ what }) => what === 'lockfile')!.says).toBe(
      'package-lock.json has no entry for a, b, c and 2 more, an optional package of esbuild 0.28.0: "npm ci" of npm 11.6.2 and later refuses it',
    );
  });

  it.each([
    ['free', false, 'free for gateway'],
    ['free', true, 'free for the edge, which leads to gateway'],
    ['own', false, 'used by gateway itself'],
    ['own', true, 'used by gateway itself; the next deploy gives it to the edge'],
    ['edge', true, 'used by the edge for gateway'],
  ] as const)('names the user of a port: %s, %s', (state, throughEdge, says) => {
    const [port] = GOOD.ports;
    expect(check({ ports: [{ ...port!, throughEdge, state }] })).toContainEqual({
      level: 'ok',
      what: 'port',
      says: `127.0.0.1:3000 ${says}`,
    });
  });

  it('reports both problems of a version that has two', () => {
    const faults = check({ compose: '2.27.1' }).filter(({ what }) => what === 'Compose');
    expect(faults.map(({ advice }) => /#\d+/.exec(advice!)?.[0])).toEqual(['#12069', '#11887']);
  });

  it('has no line for what was not checked', () => {
    const {
      disk: _disk,
      registry: _registry,
      keepsImages: _keeps,
      lockfileGaps: _gaps,
      ...rest
    } = GOOD;
    const whats = checkFacts({ ...rest, platforms: { known: [], wanted: [] }, ports: [] }, NOW).map(
      ({ what }) => what,
    );
    expect(whats).toEqual(['Node', 'Nx', 'engine', 'buildx', 'Compose', 'secrets', 'sync']);
  });
});
