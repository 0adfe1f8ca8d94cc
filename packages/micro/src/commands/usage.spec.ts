import type { ParseArgsConfig } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { backupCommand } from './backup/command';
import { basesCommand } from './bases/command';
import { buildCommand } from './build/command';
import { diffCommand } from './diff/command';
import { doctorCommand } from './doctor/command';
import { envCommand } from './env/command';
import { logsCommand } from './logs/command';
import { restoreCommand } from './restore/command';
import type { Command, Shell } from './shell';
import { statusCommand } from './status/command';
import { topologyCommand } from './topology/command';

type Options = NonNullable<ParseArgsConfig['options']>;

const asked = vi.hoisted((): { options: Options; usage: string } => ({ options: {}, usage: '' }));

/** Ends each command when it reads its options, and records them. */
vi.mock(import('./options.js'), async (original) => ({
  ...(await original()),
  readOptions: (_args: readonly string[], options: Options, usage: string) => {
    Object.assign(asked, { options, usage });
    throw new Error('no more than the options');
  },
}));

const COMMANDS: Record<string, Command> = {
  build: buildCommand,
  env: envCommand,
  status: statusCommand,
  logs: logsCommand,
  topology: topologyCommand,
  backup: backupCommand,
  restore: restoreCommand,
  diff: diffCommand,
  bases: basesCommand,
  doctor: doctorCommand,
};

describe.each(Object.entries(COMMANDS))('micro %s --help', (name, command) => {
  beforeEach(async () => {
    const run = async () => command([], {} as Shell);
    await expect(run()).rejects.toThrow('no more than the options');
  });

  it('starts with the usage, followed by what the command does', () => {
    const [usage, empty, purpose] = asked.usage.split('\n');
    expect(usage).toMatch(new RegExp(`^usage: micro ${name}\\b`));
    expect(empty).toBe('');
    expect(purpose).toMatch(/^ {2}[A-Z].{20,}/);
    for (const line of asked.usage.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('lists every option of the command, and no other', () => {
    const listed = [...asked.usage.matchAll(/^ +(?:-(\w), )? *--([\w-]+) {2,}\S/gm)].map(
      ([, short, long]) => [long!, short],
    );
    const taken = Object.entries(asked.options).map(([long, { short }]) => [long, short]);
    expect(listed.sort()).toEqual(taken.sort());
  });
});
