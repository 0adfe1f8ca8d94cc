import { expect, it } from 'vitest';
import { managerEnvironment, MANAGERS, type Manager } from '../../testing/package-managers.js';
import { playCases, type CaseResult } from './play.js';

/** Another seed or more cases: `npm run exactness:installs -- --seed=7 --cases=200`. */
const SEED = 1;
const CASES = 4;

it.each(Object.keys(MANAGERS) as Manager[])(
  `${SEED}: what is pruned from random workspaces of %s is installed frozen, and nothing differs`,
  async (manager) => {
    const results: CaseResult[] = [];
    await playCases(manager, await managerEnvironment(manager), SEED, CASES, (result) =>
      results.push(result),
    );
    expect(results).toEqual(Array.from({ length: CASES }, () => ({ kind: 'equal' })));
  },
);
