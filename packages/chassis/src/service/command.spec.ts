import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { command, CommandError, runCommand } from './command.js';
import { ConfigError } from './config.js';

describe('runCommand', () => {
  afterEach(() => vi.unstubAllEnvs());

  const ran: unknown[] = [];
  const commands = {
    migrate: command({ DATABASE_URL: z.url() }, async ({ DATABASE_URL }) => {
      await Promise.resolve();
      ran.push(DATABASE_URL);
    }),
  };

  it('needs the variables of the command, but not those of the service', async () => {
    vi.stubEnv('LOG_LEVEL', 'silent');
    vi.stubEnv('PORT', 'none at all');
    vi.stubEnv('DATABASE_URL', 'postgres://here/orders');
    await runCommand('orders', 'migrate', commands);
    expect(ran).toEqual(['postgres://here/orders']);
  });

  it('says what is missing', async () => {
    vi.stubEnv('DATABASE_URL', '');
    await expect(runCommand('orders', 'migrate', commands)).rejects.toThrow(ConfigError);
  });

  it('lists the existing commands if the name is unknown', async () => {
    const run = runCommand('orders', 'migrat', commands);
    await expect(run).rejects.toThrow(CommandError);
    await expect(run).rejects.toThrow('"migrat" is not a command of orders; it has: migrate');
    await expect(runCommand('orders', 'toString', {})).rejects.toThrow('it has: none');
  });
});
