import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { freeSpace, isPortFree } from './machine';

it('reads the free space, or returns nothing if it cannot', async () => {
  expect(await freeSpace(temporaryWorkspace())).toBeGreaterThan(1_000_000);
  expect(await freeSpace('/this/folder/is/not/there')).toBeUndefined();
});

it('checks whether a port is taken', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await isPortFree('127.0.0.1', port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await isPortFree('127.0.0.1', port)).toBe(true);
});
