import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../testing/service-task';
import { failure, recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { fileReader } from '../../effects/files';
import { basesCommand } from './command';

const OLD = `sha256:${'a'.repeat(64)}`;
const NEW = `sha256:${'b'.repeat(64)}`;

const dockerfile = (base: string) =>
  `# ours\nARG NODE_IMAGE=${base}\n\nFROM \${NODE_IMAGE} AS base\nFROM base AS production # kept\n`;

const workspace = (bases: Record<string, string>) =>
  temporaryWorkspace(
    Object.fromEntries(
      Object.entries(bases).flatMap(([name, text]) => [
        [`apps/${name}/service.yml`, 'port: 3001\n'],
        [`apps/${name}/package.json`, JSON.stringify({ name })],
        [`apps/${name}/Dockerfile`, text],
      ]),
    ),
  );

/** A registry with some images, by reference; `undefined` for one that it refuses to talk about. */
const registry = (images: Record<string, { digest: string; created: string } | undefined>) =>
  recordingRunner((line) => {
    const reference = line.split(' ').at(-1)!;
    if (!(reference in images)) return failure(`ERROR: ${reference}: not found`);
    const image = images[reference];
    if (!image) return failure('ERROR: dial tcp: connection refused');
    return {
      stdout: JSON.stringify({
        manifest: { digest: image.digest },
        image: { created: image.created, config: {} },
      }),
    };
  });

const IMAGES = {
  'node:24': { digest: NEW, created: '2026-11-19T12:00:00Z' },
  [`node:24@${OLD}`]: { digest: OLD, created: '2026-10-01T12:00:00Z' },
};

const bases = (root: string, line = '', images: Parameters<typeof registry>[0] = IMAGES) =>
  runCommand(basesCommand, root, line, { runner: registry(images), clock: fakeClock() });

describe('micro bases', () => {
  it('shows each base once: what it is pinned to, its age, what is newer, its services', async () => {
    const root = workspace({
      orders: dockerfile(`node:24@${OLD}`),
      users: dockerfile('node:24'),
      payments: dockerfile('node:24'),
      stock: dockerfile(`node:24@${NEW}`),
    });
    const images = { ...IMAGES, [`node:24@${NEW}`]: IMAGES['node:24'] };
    const { exitCode, output } = await bases(root, '', images);
    expect(exitCode).toBe(0);
    expect(output.split('\n')).toEqual(
      [
        'base     pinned to            age                                           services',
        'node:24  -                    2 days   not pinned                           payments, users',
        'node:24  sha256:aaaaaaaaaaaa  51 days  newer: sha256:bbbbbbbbbbbb, 2 days old  orders',
        'node:24  sha256:bbbbbbbbbbbb  2 days   up to date                           stock',
      ].map((line) => expect.stringMatching(spaced(line)) as string),
    );
  });

  it('pins all to what their tags name now, and changes nothing else of a Dockerfile', async () => {
    const root = workspace({
      orders: dockerfile(`node:24@${OLD}`),
      users: dockerfile('node:24'),
      mirror: 'FROM registry.example.com:5000/node AS base\n',
    });
    const images = {
      ...IMAGES,
      'registry.example.com:5000/node:latest': { digest: OLD, created: '2026-01-01T00:00:00Z' },
      [`node:24@${NEW}`]: IMAGES['node:24'],
      [`registry.example.com:5000/node:latest@${OLD}`]: {
        digest: OLD,
        created: '2026-01-01T00:00:00Z',
      },
    };
    const { output } = await bases(root, '--update', images);
    const read = fileReader(root);
    expect(read('apps/orders/Dockerfile')).toBe(dockerfile(`node:24@${NEW}`));
    expect(read('apps/users/Dockerfile')).toBe(dockerfile(`node:24@${NEW}`));
    expect(read('apps/mirror/Dockerfile')).toBe(
      `FROM registry.example.com:5000/node:latest@${OLD} AS base\n`,
    );
    expect(output).toContain('pinned  orders  apps/orders/Dockerfile');
    const again = await bases(root, '--update', images);
    expect(again.output).toBe('All base images are pinned to the newest image of their tag.');
    expect(JSON.parse((await bases(root, '--json', images)).output)).toMatchObject([
      { name: `node:24@${NEW}`, state: 'current', services: ['orders', 'users'] },
      { state: 'current', services: ['mirror'] },
    ]);
  });

  it.each<[string, string, Parameters<typeof registry>[0], RegExp]>([
    [
      'the registry does not answer',
      dockerfile('node:24'),
      { 'node:24': undefined },
      /node:24 \(orders, users\): Could not ask the registry/,
    ],
    ['an image is gone', dockerfile('node:22'), {}, /node:22 \(orders\) is not in the registry/],
    [
      'a name is composed',
      'ARG TAG=24\nFROM node:${TAG} AS base\n',
      IMAGES,
      /apps\/orders\/Dockerfile:2: "node:\$\{TAG\}" is composed of variables/,
    ],
    [
      'a variable has no value',
      'ARG A\nFROM ${A}\n',
      {},
      /apps\/orders\/Dockerfile:2: the base image "\$\{A\}" is no image/,
    ],
    ['it has no FROM', 'RUN true\n', {}, /apps\/orders\/Dockerfile.*has no FROM/],
  ])('updates nothing if %s', async (_, text, images, message) => {
    const root = workspace({ orders: text, users: dockerfile('node:24') });
    await expect(
      bases(root, '--update', { 'node:24': IMAGES['node:24'], ...images }),
    ).rejects.toThrow(message);
    expect(fileReader(root)('apps/users/Dockerfile')).toBe(dockerfile('node:24'));
  });

  it('shows what it cannot tell', async () => {
    const root = workspace({ orders: dockerfile('node:24'), users: dockerfile(`node@${OLD}`) });
    const { exitCode, output } = await bases(root, '', {
      'node:24': undefined,
      [`node@${OLD}`]: IMAGES['node:24'],
    });
    expect(exitCode).toBe(0);
    expect(output).toMatch(
      /node:24 .*cannot tell .*orders\n[^]*\nnode:24: Could not ask the registry/,
    );
    expect(output).toMatch(/node .*has no tag, so nothing says which image is newer/);
  });
});

/** Columns are as wide as they have to be. */
function spaced(line: string): RegExp {
  const words = line
    .trim()
    .split(/ {2,}/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${words.join(' {2,}')}\\s*$`);
}
