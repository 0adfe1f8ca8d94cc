import { expect, it } from 'vitest';
import { runWith } from '../testing/run-with.js';

it("loads nothing of Node that a start does not use, such as Node's own fetch client", async () => {
  const { status, stdout } = await runWith(
    {},
    `const { createService, readConfig } = await import(process.argv[1]);
     const config = readConfig('orders', {}, { PORT: '3001' });
     await createService({ name: 'orders', config }).app.ready();
     console.log(process.moduleLoadList.filter((name) => name.includes('undici')).length);`,
    new URL('../index.ts', import.meta.url).href,
  );
  expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: '0' });
});
