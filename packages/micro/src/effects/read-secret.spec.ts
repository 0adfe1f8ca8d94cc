import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SecretSource } from '../platform/secret';
import { failure, recordingRunner, type Answer } from '../testing/recording-runner';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { processRunner } from './process';
import { readSecret } from './read-secret';

const files = { 'secrets/stripe': 'sk 1\n', 'secrets/empty': '\n' };
const read = (source: SecretSource, answer?: Answer) =>
  readSecret(source, {
    workspaceRoot: temporaryWorkspace(files),
    runner: recordingRunner(answer),
  });

describe('readSecret', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each<[SecretSource, string]>([
    // As with a mounted file: the chassis removes the final line break.
    [{ file: './secrets/stripe' }, 'sk 1\n'],
    [{ environment: 'SPEC_SECRET' }, 'sk 2'],
    [{ command: ['pass', 'show'] }, 'sk 3'],
  ])('%j', async (source, expected) => {
    vi.stubEnv('SPEC_SECRET', 'sk 2');
    const secret = await read(source, (line) =>
      line === 'pass show' ? { stdout: 'sk 3\n' } : undefined,
    );
    expect(secret.reveal().toString()).toBe(expected);
  });

  it.each<[SecretSource, Answer, string]>([
    [{ file: 'secrets/other' }, () => undefined, 'there is no file secrets/other'],
    [
      { file: 'secrets/stripe' },
      (line) =>
        line === 'git --literal-pathspecs ls-files -- secrets/stripe'
          ? { stdout: 'secrets/stripe\n' }
          : undefined,
      'secrets/stripe is in git, but a secret must not be: run "git rm --cached secrets/stripe"',
    ],
    [{ file: 'secrets' }, () => undefined, 'secrets cannot be read: EISDIR'],
    [{ file: 'secrets/empty' }, () => undefined, 'secrets/empty is empty'],
    [{ environment: 'SPEC_NONE' }, () => undefined, 'the variable SPEC_NONE is not set'],
    [
      { command: ['pass', 'a b'] },
      () => failure('a b is not in the store\n'),
      `"pass 'a b'" failed (exit code 1): a b is not in the store`,
    ],
    [{ command: ['pass'] }, () => ({ stdout: '\n' }), 'what "pass" printed is empty'],
  ])('%j is refused', async (source, answer, message) => {
    await expect(read(source, answer)).rejects.toThrow(message);
  });

  it('accepts a file if there is no git', async () => {
    const runner = { run: () => Promise.reject(new Error('git was not found')) };
    const workspaceRoot = temporaryWorkspace(files);
    const secret = await readSecret({ file: 'secrets/stripe' }, { workspaceRoot, runner });
    expect(secret.reveal().toString()).toBe('sk 1\n');
  });

  it('asks the real git', async () => {
    const root = temporaryWorkspace({ ...files, '.gitignore': 'secrets/empty\n' });
    const runner = processRunner(root);
    const attempt = (file: string) => readSecret({ file }, { workspaceRoot: root, runner });
    await runner.run({ file: 'git', args: ['init', '--quiet'] });
    await expect(attempt('./secrets/stripe')).resolves.toBeDefined();
    await runner.run({ file: 'git', args: ['add', '.'] });
    await expect(attempt('./secrets/stripe')).rejects.toThrow('./secrets/stripe is in git');
    await expect(attempt('secrets/empty')).rejects.toThrow('is empty');
  });

  it('runs a command without a shell', async () => {
    const command = [process.execPath, '-p', 'process.argv[1]', '$HOME'];
    const root = temporaryWorkspace();
    const secret = await readSecret(
      { command },
      { workspaceRoot: root, runner: processRunner(root) },
    );
    expect(secret.reveal().toString()).toBe('$HOME');
  });
});
