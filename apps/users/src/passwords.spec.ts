import { expect, it } from 'vitest';
import { hashPassword, verifyPassword } from './passwords.js';

it('knows a password again, and no other', async () => {
  const hash = await hashPassword('correct horse battery');
  expect(hash).not.toContain('horse');
  expect(await hashPassword('correct horse battery')).not.toBe(hash);
  expect(await verifyPassword('correct horse battery', hash)).toBe(true);
  expect(await verifyPassword('correct horse', hash)).toBe(false);
  expect(await verifyPassword('correct horse battery', undefined)).toBe(false);
});
