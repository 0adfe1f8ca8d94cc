import { randomBytes } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { missingSecrets } from '../compose/env-secrets';
import { OBSERVABILITY_COMPOSE_FILE } from '../compose/paths';
import type { Platform } from '../platform/platform';
import type { ReadFile } from '../platform/workspace';
import { UserError } from '../platform/user-error';
import { fileReader, writeWhole } from './files';

/** Compose reads it from the folder of compose.yaml; git ignores it. */
export const ENV_FILE = '.env';

/** The passwords and keys that the workspace's compose files need and `.env` lacks. */
export function missingSecretsOf(platform: Platform, read: ReadFile): string[] {
  const isObserved = read(OBSERVABILITY_COMPOSE_FILE) !== undefined;
  return missingSecrets(platform, read(ENV_FILE) ?? '', isObserved);
}

/**
 * Adds each missing password and key to `.env`, as a random value. What is there stays.
 *
 * @param given names that have a value from elsewhere.
 * @returns the names of what was added.
 */
export async function addMissingSecrets(
  workspaceRoot: string,
  platform: Platform,
  given: Readonly<Record<string, string | undefined>> = {},
): Promise<string[]> {
  const read = fileReader(workspaceRoot);
  const wanted = () => missingSecretsOf(platform, read).filter((name) => !given[name]);
  if (wanted().length === 0) return [];
  return withLock(join(workspaceRoot, `${ENV_FILE}.lock`), async () => {
    // Another process may have added them meanwhile. Two values for one password would break a database.
    const missing = wanted();
    if (missing.length === 0) return [];
    const text = read(ENV_FILE) ?? '';
    const lines = missing.map((name) => `${name}=${randomBytes(24).toString('hex')}\n`);
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    await writeWhole(join(workspaceRoot, ENV_FILE), text + separator + lines.join(''), 0o600);
    return missing;
  });
}

/** Writing the file takes milliseconds: a lock of this age, in ms, was left behind by a process that was killed. */
const LEFT_BEHIND = 10_000;
const PAUSE = 20;

async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await (await open(file, 'wx')).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > LEFT_BEHIND) {
      throw new UserError(
        `${file} is left over from a process that was killed: delete it and try again`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
