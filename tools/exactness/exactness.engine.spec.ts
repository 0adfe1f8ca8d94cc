import { expect, it } from 'vitest';
import { describeEngine } from '../testing/describe-engine.js';
import { problems, readFixedCases } from './cases.js';
import { CHANGE_KINDS, drawChange } from './changes.js';
import { seededRandom } from './random.js';
import { startSession } from './session.js';
import { ensureToolchain } from './toolchain.js';

const SEED = 7;
const RANDOM_CHANGES = 3;

/** A comment in a Dockerfile is part of the key, like its whole text. */
const EXACT = CHANGE_KINDS.filter((kind) => kind !== 'Dockerfile comment');

/** One run per package manager and per kind of `affected`; `npm run exactness` runs all four pairs. */
describeEngine('builds an image if it changes, and only then', () => {
  it.each([
    ['npm', 'project-level'],
    ['pnpm', 'task-level'],
  ] as const)('with %s and %s affected', async (packageManager, mode) => {
    const cases = readFixedCases(packageManager, mode);
    const toolchain = await ensureToolchain(packageManager, mode);
    let platform = cases[0]!.before;
    const session = await startSession(toolchain, platform);
    const play = async (title: string, after: typeof platform) => {
      if (JSON.stringify(after) === JSON.stringify(platform)) return;
      const result = await session.step(after);
      platform = after;
      expect.soft({ title, problems: problems(result), wasted: result.wasted }).toEqual({
        title,
        problems: [],
        wasted: [],
      });
    };
    try {
      for (const { title, before, after } of cases) {
        await play(`before: ${title}`, before);
        await play(title, after);
      }
      const random = seededRandom(SEED);
      for (let count = 0; count < RANDOM_CHANGES; count++) {
        const { kind, of, after } = drawChange(platform, random, EXACT);
        await play(`seed ${SEED}: ${kind} (${of})`, after);
      }
    } finally {
      await session.end();
    }
  });
});
