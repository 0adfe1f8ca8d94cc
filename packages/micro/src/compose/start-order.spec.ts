import { expect, it } from 'vitest';
import { parsePlatform, serviceNamed } from '../platform/platform';
import { providersToWaitFor } from './start-order';

it.each([
  [
    { a: ['b'], b: [] },
    { a: ['b'], b: [] },
  ],
  [
    { a: ['b'], b: ['a'] },
    { a: [], b: [] },
  ],
  [
    { a: ['b', 'd'], b: ['c'], c: ['a'], d: [] },
    { a: ['d'], b: [], c: [] },
  ],
  [{ x: ['a'], a: ['b'], b: ['a'] }, { x: ['a'] }],
])(
  'with links %j, services wait for %j',
  (links: Record<string, string[]>, expected: Record<string, string[]>) => {
    const platform = parsePlatform(
      'acme',
      Object.entries(links).map(([name, consumes], index) => ({
        name,
        root: `apps/${name}`,
        file: `apps/${name}/service.yml`,
        text: `port: ${3001 + index}\nconsumes: [${consumes.join(', ')}]`,
      })),
    );
    for (const [name, providers] of Object.entries(expected)) {
      expect(providersToWaitFor(platform, serviceNamed(platform, name))).toEqual(providers);
    }
  },
);
