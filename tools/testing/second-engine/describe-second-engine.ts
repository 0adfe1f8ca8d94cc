import { afterAll, beforeAll, describe, test } from 'vitest';
import { describeEngine } from '../describe-engine.js';
import { whyNoSecondEngine } from './install.js';
import { startSecondEngine, type SecondEngine } from './second-engine.js';

/**
 * A suite with a second engine beside the one of this machine. If there can be none, it fails in CI and is skipped
 * elsewhere.
 */
export function describeSecondEngine(
  name: string,
  suite: (engine: () => SecondEngine) => void,
): void {
  const reason = whyNoSecondEngine();
  if (reason !== '' && !process.env['CI']) {
    describe.skip(name, () => test(reason, () => undefined));
    return;
  }
  describeEngine(name, () => {
    let engine: SecondEngine | undefined;

    beforeAll(async () => {
      engine = await startSecondEngine();
    });

    afterAll(() => engine?.remove());

    suite(() => engine!);
  });
}
