import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { readPlugAndPlay } from './plug-and-play';

/**
 * Generates the code of a library from its contracts, as its target `proto-generate` does.
 *
 * @returns why not, or `undefined` if the code is there.
 */
export function generateProtoCode(workspaceRoot: string, libraryRoot: string): string | undefined {
  const cwd = join(workspaceRoot, libraryRoot);
  try {
    // Yarn finds the programs of the library itself, and those that they start.
    if (readPlugAndPlay(workspaceRoot)) return run('yarn', ['run', 'buf', 'generate'], { cwd });
    const buf = createRequire(join(cwd, 'package.json')).resolve('@bufbuild/buf/package.json');
    const programs = [join(cwd, 'node_modules/.bin'), join(workspaceRoot, 'node_modules/.bin')];
    const env = { ...process.env, PATH: [...programs, process.env['PATH']].join(delimiter) };
    return run(process.execPath, [join(dirname(buf), 'bin/buf'), 'generate'], { cwd, env });
  } catch (error) {
    return (error as Error).message;
  }
}

/** @returns what it said if it failed. */
function run(
  file: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(file, args, { ...options, encoding: 'utf8' });
  if (error) throw error;
  return status === 0 ? undefined : stderr.trim() || stdout.trim();
}
