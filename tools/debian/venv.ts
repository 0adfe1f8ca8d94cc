import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun, run, succeeded } from '../command.js';
import { oneAtATime } from '../one-at-a-time.js';
import { LabError, say } from '../program.js';
import { aptInstall } from './apt.js';
import { readHost } from './host.js';

/** Packages of Python in an environment of their own. */
export interface PythonPackages {
  /** As in a requirements file of pip: `name==version`, and `--hash=sha256:...` to pin the file, too. */
  requirements: readonly string[];
  /** Whether to leave out what they depend on. */
  alone?: boolean;
  /** For progress messages: `a simulated AWS`. */
  what: string;
}

/**
 * Installs packages of Python once, into a folder of which nothing else is in use. Installs Python itself on Debian, if
 * it is missing.
 *
 * @throws LabError if there is no Python and this user can't install it, or if pip fails.
 */
export async function ensureVenv(folder: string, packages: PythonPackages): Promise<void> {
  // The programs name their folder, so that it can't be moved when they are complete.
  const mark = `${folder}.complete`;
  if (existsSync(mark)) return;
  await oneAtATime(folder, async () => {
    if (existsSync(mark)) return;
    say(`installing ${packages.what}: once, up to a minute`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await ensurePython();
    await mustRun('python3', ['-m', 'venv', folder]);
    await install(folder, packages);
    await writeFile(mark, '');
  });
}

/** The folder of an environment that contains the modules of its packages. */
export async function readModulesFolder(folder: string): Promise<string> {
  const program = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  return (await mustRun(join(folder, 'bin/python3'), ['-c', program])).trim();
}

async function install(
  folder: string,
  { requirements, alone = false }: PythonPackages,
): Promise<void> {
  const file = join(folder, 'requirements.txt');
  await writeFile(file, requirements.map((line) => `${line}\n`).join(''));
  const quietly = ['--quiet', '--disable-pip-version-check', '--no-compile'];
  const args = ['-m', 'pip', 'install', ...quietly, ...(alone ? ['--no-deps'] : []), '-r', file];
  await mustRun(join(folder, 'bin/python3'), args, { withinMs: 1_800_000 });
}

/** Debian has Python's environments in a package of its own. */
async function ensurePython(): Promise<void> {
  if (succeeded(await run('python3', ['-c', 'import venv, ensurepip']))) return;
  const { debian, root } = readHost();
  if (!debian || !root) throw new LabError('Install Python 3 with its module venv.');
  say('installing python3-venv ...');
  await aptInstall(['python3-venv']);
}
