import { expect, it, vi } from 'vitest';
import { notify } from './notify.js';
import type { Resources } from './resources.js';

it('tells of an event once, however often it comes', async () => {
  const known = new Set<string>();
  const set = (key: string) => {
    const isNew = !known.has(key);
    known.add(key);
    return Promise.resolve(isNew ? 'OK' : null);
  };
  const cache = { client: { set } } as unknown as Resources['cache'];
  const info = vi.fn();
  const notification = { eventId: 'e1', orderId: 'o1', subject: 'Hello' };
  await notify({ cache }, notification, { info });
  await notify({ cache }, notification, { info });
  await notify({ cache }, { ...notification, eventId: 'e2' }, { info });
  expect(info).toHaveBeenCalledTimes(2);
});
