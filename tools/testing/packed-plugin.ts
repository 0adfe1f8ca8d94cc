import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../command.js';
import { ROOT } from '../generated/file.js';

/** Packs the compiled plugin as for publishing; returns the tarball's name in `directory`. */
export function packPlugin(directory: string): Promise<string> {
  return pack('micro', directory);
}

/** The same for the chassis, which generated services depend on. */
export function packChassis(directory: string): Promise<string> {
  return pack('chassis', directory);
}

/** Packs both into `vendor` of a workspace; returns the arguments for `npm install`. */
export async function vendorPackages(workspaceRoot: string): Promise<string[]> {
  const vendor = join(workspaceRoot, 'vendor');
  await mkdir(vendor, { recursive: true });
  const tarballs = [await packPlugin(vendor), await packChassis(vendor)];
  return tarballs.map((tarball) => `./vendor/${tarball}`);
}

async function pack(name: string, directory: string): Promise<string> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
  const cwd = join(ROOT, 'packages', name);
  const [packed] = JSON.parse(await mustRun('npm', args, { cwd })) as { filename: string }[];
  return packed!.filename;
}

export function pluginVersion(): string {
  const text = readFileSync(join(ROOT, 'packages/micro/package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
