import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../command.js';

/**
 * Unpacks a package from the npm registry into `directory` without running its scripts, and returns its version.
 *
 * @throws LabError if the registry does not have it.
 */
export async function unpackNpmPackage(spec: string, directory: string): Promise<string> {
  const download = `${directory}.download`;
  await mkdir(download, { recursive: true });
  await mkdir(directory, { recursive: true });
  // In the empty folder, so that no project's package.json or .npmrc applies.
  await mustRun('npm', ['pack', '--ignore-scripts', '--silent', spec], { cwd: download });
  const [archive = ''] = await readdir(download);
  const options = ['--no-same-owner', '--strip-components=1', '-C', directory];
  await mustRun('tar', ['--extract', '--file', join(download, archive), ...options]);
  const manifest = await readFile(join(directory, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
