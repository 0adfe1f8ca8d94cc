import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';

/** A suite in a real, headless browser. If there is none, it fails in CI and is skipped elsewhere. */
export function describeBrowser(name: string, suite: (browser: () => Browser) => void): void {
  const found = inject('browser');
  if ('missing' in found) {
    if (!process.env['CI']) {
      describe.skip(name, () => test('needs a browser', () => undefined));
    } else {
      test(`${name}: needs a browser`, () => {
        throw new Error(found.missing);
      });
    }
    return;
  }
  describe(name, () => {
    let browser: Browser | undefined;

    beforeAll(async () => {
      // Chromium's sandbox does not work for root, the user in CI. The pages are our own.
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      browser = await chromium.launch({ executablePath: found.path, args });
    });

    afterAll(() => browser?.close());

    suite(() => browser!);
  });
}
