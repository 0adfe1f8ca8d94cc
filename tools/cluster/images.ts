import { copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../command.js';
import { readLocalImage } from '../images/local-image.js';
import { buildStandIn } from '../images/stand-in.js';
import { inTemporaryDirectory } from '../images/temporary-directory.js';
import { say } from '../program.js';

const MACHINE = join(dirname(fileURLToPath(import.meta.url)), 'machine');

/** The image of the control plane and of each node. Their programs are mounted into it. */
export async function buildMachineImage(): Promise<void> {
  if (!(await readLocalImage('micro-cluster/machine'))) say('building the image of a node ...');
  await buildStandIn({
    ref: 'micro-cluster/machine',
    dockerfile: join(MACHINE, 'Dockerfile'),
    context: MACHINE,
  });
}

/**
 * Pushes an image with a single static program to the registry that the nodes pull from. It replaces an older one with
 * the same name.
 *
 * @param at its path in the image.
 */
export async function pushProgramImage(
  ref: string,
  program: string,
  at = '/program',
): Promise<void> {
  await inTemporaryDirectory(async (context) => {
    await copyFile(program, join(context, 'program'));
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM scratch\nCOPY --chmod=755 program ${at}\nUSER 65532:65532\nENTRYPOINT ["${at}"]\n`,
    );
    const build = ['buildx', 'build', '--builder', 'default', '--load', '--quiet'];
    await mustRun('docker', [...build, '--tag', ref, context]);
  });
  await mustRun('docker', ['push', '--quiet', ref]);
}
