import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runningContainer } from '../testing/running-container';
import {
  currentRelease,
  markName,
  parseHeldByContainers,
  parseSlice,
  releaseOf,
  findRelease,
  isSameRelease,
  nextNumber,
  parseReleases,
  planRevival,
  previousRelease,
  releaseLabels,
  releaseName,
  stillOpen,
  surplusReleases,
  type Release,
} from './release';
import type { Container } from './container';

const DIGEST = `sha256:${'d'.repeat(64)}`;
const release = (number: number, more: Partial<Release> = {}): Release => ({
  id: `id${number}`,
  heldBy: 'volume',
  service: 'orders',
  number,
  key: `${number}`.repeat(64),
  entryLabel: 'env=1',
  template: '',
  image: `acme/orders:k-${number}`,
  replicas: 1,
  open: false,
  again: false,
  since: '',
  ...more,
});
const container = (of: Release, more: Partial<Container> = {}): Container =>
  runningContainer({
    labels: { 'org.micro.image-key': of.key, 'org.micro.entry': of.entryLabel },
    ...more,
  });
const hidden = { edge: { aliases: [], names: ['acme-orders-1'] } };

it('has a name, and a mark while it is rolled out', () => {
  expect(releaseName('acme-production', release(7))).toBe('acme-production.orders.r7');
  expect(markName('acme-production', release(7), false)).toBe('acme-production.orders.r7.open');
  expect(markName('acme-production', release(7), true)).toBe('acme-production.orders.r7.again');
});

it.each([
  ['a few words', 'a\nb=c\t"$$"'],
  ['what no single argument of a command can hold', randomBytes(200_000).toString('hex')],
])('puts a slice with %s away in labels, and reads it again', (_, text) => {
  const slice = { services: { orders: { environment: { TEXT: text } } } };
  const labels = releaseLabels({ ...release(7), project: 'acme', slice });
  const lengths = Object.values(labels).map(({ length }) => length);
  expect(Math.max(...lengths)).toBeLessThan(100_000);
  expect(parseSlice(labels)).toEqual(slice);
});

it('reads the table of the engine', () => {
  const commit = `${'a'.repeat(40)} 7`;
  const row = (name: string, mark: string, number: string) =>
    [name, mark, 'orders', number, 'key', 'env=1', 'env=2', 'image', '2', commit, 'today'].join(
      '\t',
    );
  const rows = [
    row('a.orders.r1', '', '1'),
    row('a.orders.r2.open', 'open', '2'),
    row('a.orders.r2', '', '2'),
    row('a.orders.r3', '', '3'),
    row('a.orders.r3.again', 'again', '3'),
    // The lock, and a mark whose release was never noted.
    ['a.lock', '', '', '', '', '', '', '', '', '', ''].join('\t'),
    row('a.orders.r4.open', 'open', '4'),
  ];
  expect(parseReleases(rows.join('\n'))).toMatchObject([
    {
      id: 'a.orders.r1',
      number: 1,
      open: false,
      again: false,
      commit: { at: 7 },
      replicas: 2,
      template: 'env=2',
    },
    { number: 2, open: true, again: false },
    { number: 3, open: true, again: true },
  ]);
  expect(parseReleases('')).toEqual([]);
});

it('reads what an earlier version noted in containers', () => {
  const row = (name: string, number: string) =>
    ['id', name, 'today', 'orders', number, 'key', 'env=1', 'image', '2'].join('\t');
  const rows = `${row('a.orders.r1', '1')}\n${row('a.orders.r2.open', '2')}\n`;
  expect(parseHeldByContainers(rows)).toMatchObject([
    { heldBy: 'container', number: 1, open: false },
    { heldBy: 'container', number: 2, open: true, again: false, replicas: 2 },
  ]);
});

it('numbers go on from the highest', () => {
  expect(nextNumber([])).toBe(1);
  expect(nextNumber([release(7), release(3)])).toBe(8);
});

describe('the release that serves', () => {
  it('is found by what its containers are made of', () => {
    const known = [release(2), release(1)];
    expect(currentRelease([container(known[1]!)], known)).toBe(known[1]);
    expect(currentRelease([container(known[1]!, { state: 'exited' })], known)).toBe(known[1]);
    expect(currentRelease([], known)).toBeUndefined();
  });

  it('is not the one that was just tried where both are found', () => {
    const known = [release(2, { open: true }), release(1)];
    expect(
      currentRelease(
        known.map((of) => container(of)),
        known,
      ),
    ).toBe(known[1]);
  });
});

it.each([
  ['other values of secrets', 'env=1 secret-values=a', 'env=1 secret-values=b', '', '', true],
  ['another entry', 'env=1 secret-values=a', 'env=2 secret-values=a', '', '', false],
  ['a rotated password', 'env=1', 'env=2', 't=1', 't=1', true],
  ['another reference with the same value', 'env=1', 'env=1', 't=1', 't=2', false],
])('with %s it is the same release: %#', (_, one, other, before, after, same) => {
  const a = release(1, { entryLabel: one, template: before });
  expect(isSameRelease(a, { ...a, entryLabel: other, template: after })).toBe(same);
});

it('is found by the number that its containers have, though a password was rotated since', () => {
  const known = [release(2, { key: release(1).key, template: 'b' }), release(1, { template: 'a' })];
  const labels = {
    'org.micro.image-key': release(1).key,
    'org.micro.entry': 'env=9',
    'org.micro.release.number': '1',
  };
  expect(releaseOf(runningContainer({ labels }), known)?.number).toBe(1);
  const another = { ...labels, 'org.micro.image-key': 'x' };
  expect(releaseOf(runningContainer({ labels: another }), known)).toBeUndefined();
});

describe('a rollback', () => {
  const known = [release(4, { open: true }), release(3), release(2), release(1)];

  it.each<[string, Release | undefined, number | undefined]>([
    ['to the one before', known[1], 2],
    ['further back', known[2], 1],
    ['nowhere from the first', known[3], undefined],
    ['to the newest where nothing serves', undefined, 3],
  ])('goes %s', (_, current, expected) => {
    expect(previousRelease(current, known)?.number).toBe(expected);
  });

  const pinned = release(9, { image: `registry.example.com/acme/orders:k-9@${DIGEST}` });
  it.each<[string, number | undefined]>([
    ['2', 2],
    ['r2', 2],
    ['4', undefined],
    ['33333333', 3],
    ['k-333333333333', 3],
    [DIGEST, 9],
    [`registry.example.com/acme/orders@${DIGEST}`, 9],
    ['sha256:dddddddddd', 9],
    ['sha256:', undefined],
    ['latest', undefined],
  ])('finds %s', (to, expected) => {
    expect(findRelease(to, [pinned, ...known])?.number).toBe(expected);
  });
});

it('forgets doubles, what was only tried, and the oldest', () => {
  const double = release(3, { key: release(7).key });
  const known = [
    release(7),
    release(6, { open: true }),
    release(5, { open: true, again: true }),
    release(4),
    double,
    release(2),
  ];
  expect(surplusReleases(known[0]!, known, 3).map(({ number }) => number)).toEqual([6, 3, 2]);
});

describe('after a deploy that was ended', () => {
  const known = [release(2, { open: true }), release(1)];
  const [tried, before] = known as [Release, Release];
  const old = (more: Partial<Container>) => container(before, { id: 'old', ...more });
  const young = (more: Partial<Container>) => container(tried, { id: 'new', ...more });

  it.each<[string, Container[], string[]]>([
    ['nothing comes back where something serves', [old({}), young({ state: 'created' })], []],
    [
      'the one before that was stopped',
      [old({ state: 'exited' }), young({ state: 'created' })],
      ['old'],
    ],
    [
      'the one before that was hidden',
      [old({ networks: hidden }), young({ state: 'exited' })],
      ['old'],
    ],
    ['the new one where only that is there', [young({ networks: hidden })], ['new']],
    ['nothing that never ran', [young({ state: 'created' })], []],
  ])('%s', (_, containers, expected) => {
    expect(planRevival(containers, known).map(({ id }) => id)).toEqual(expected);
  });

  it('the one that was there first where only the secrets are others', () => {
    const again = release(1, { open: true, again: true });
    const made = (id: string, number: string, secrets: string) =>
      container(again, {
        id,
        state: 'exited',
        labels: {
          'org.micro.image-key': again.key,
          'org.micro.entry': `${again.entryLabel} secret-values=${secrets}`,
          'com.docker.compose.container-number': number,
        },
      });
    const containers = [made('new', '10', 'b'), made('old', '9', 'a')];
    expect(planRevival(containers, [again]).map(({ id }) => id)).toEqual(['old']);
  });

  it('is none where no deploy was begun', () => {
    expect(planRevival([old({ state: 'exited' })], [before])).toEqual([]);
  });
});

it('stillOpen: a release that a failed rollback reopened is closed again, so that the next one finds it', () => {
  const reopened = release(1, { open: true, again: true });
  const left = release(3, { open: true });
  expect(stillOpen(reopened, [left, release(2), release(1)])).toEqual([reopened, left]);
  expect(stillOpen(release(4, { open: true }), [release(3)]).map(({ number }) => number)).toEqual([
    4,
  ]);
});
