import { describe, expect, it } from 'vitest';
import { containerOf, knownRelease } from '../testing/known-release';
import type { Container } from './container';
import { planRevival } from './plan-revival';
import type { Release } from './release';

const hidden = { edge: { aliases: [], names: ['acme-orders-1'] } };

describe('after a deploy that was ended', () => {
  const known = [knownRelease(2, { open: true }), knownRelease(1)];
  const [tried, before] = known as [Release, Release];
  const old = (more: Partial<Container>) => containerOf(before, { id: 'old', ...more });
  const young = (more: Partial<Container>) => containerOf(tried, { id: 'new', ...more });

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

  it('chooses the older one if only the secrets differ', () => {
    const again = knownRelease(1, { open: true, again: true });
    const made = (id: string, number: string, secrets: string) =>
      containerOf(again, {
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

  it('chooses none if no deploy was started', () => {
    expect(planRevival([old({ state: 'exited' })], [before])).toEqual([]);
  });
});
