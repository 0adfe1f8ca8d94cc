import { describe, expect, it } from 'vitest';
import { runningContainer } from '../testing/running-container';
import {
  currentRelease,
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
  service: 'orders',
  number,
  key: `${number}`.repeat(64),
  entryLabel: 'env=1',
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

it.each<[Partial<Release>, string]>([
  [{}, 'acme-production.orders.r7'],
  [{ open: true }, 'acme-production.orders.r7.open'],
  [{ open: true, again: true }, 'acme-production.orders.r7.again'],
])('a release that is %j is called %s', (some, name) => {
  expect(releaseName('acme-production', release(7, some))).toBe(name);
});

it('the labels are one line each, whatever an entry holds', () => {
  const slice = { services: { orders: { environment: { TEXT: 'a\nb=c' } } } };
  const lines = releaseLabels({ ...release(7), project: 'acme', slice })
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(8);
  expect(lines.at(-1)).toBe(`org.micro.release.compose=${JSON.stringify(slice)}`);
});

it('reads the table of the engine, the newest first', () => {
  const row = (name: string, number: string) =>
    ['id', name, 'today', 'orders', number, 'key', 'env=1', 'image', '2'].join('\t');
  const rows = `${row('a.orders.r1', '1')}\n${row('a.orders.r2.open', '2')}\n`;
  expect(parseReleases(rows)).toMatchObject([
    { number: 2, open: true, again: false, replicas: 2 },
    { number: 1, open: false },
  ]);
  expect(parseReleases('')).toEqual([]);
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
  ['other values of secrets', 'env=1 secret-values=a', 'env=1 secret-values=b', true],
  ['another entry', 'env=1 secret-values=a', 'env=2 secret-values=a', false],
])('%s: from "%s" to "%s" is the same release: %s', (_, one, other, same) => {
  const a = release(1, { entryLabel: one });
  expect(isSameRelease(a, { ...a, entryLabel: other })).toBe(same);
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
