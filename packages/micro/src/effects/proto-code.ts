import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

/**
 * Generates the code of a library from its contracts, as its target `proto-generate` does.
 *
 * @returns why not, or `undefined` if the code is there.
 */
export function generateProtoCode(workspaceRoot: string, libraryRoot: string): string | undefined {
  const cwd = join(workspaceRoot, libraryRoot);
  try {
    const buf = createRequire(join(cwd, 'package.json')).resolve('@bufbuild/buf/package.json');
    const programs = [join(cwd, 'node_modules/.bin'), join(workspaceRoot, 'node_modules/.bin')];
    const { status, stderr, error } = spawnSync(
      process.execPath,
      [join(dirname(buf), 'bin/buf'), 'generate'],
      {
        cwd,
        encoding: 'utf8',
        env: { ...process.env, PATH: [...programs, process.env['PATH']].join(delimiter) },
      },
    );
    if (error) throw error;
    return status === 0 ? undefined : stderr.trim();
  } catch (error) {
    return (error as Error).message;
  }
}
