import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../command.js';
import { NODE_IMAGE } from '../images/node/node-image.js';

/**
 * One base image for all contenders: the Node image, with dumb-init and an `apk` that does nothing, because a peer's
 * template for Alpine installs dumb-init with apk. So no contender's size includes that package.
 */
const BASE = `FROM ${NODE_IMAGE}
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends dumb-init \\
    && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/apt \\
    && printf '#!/bin/sh\\nexit 0\\n' > /sbin/apk && chmod +x /sbin/apk
`;

export async function buildBase(tag: string): Promise<void> {
  await build(tag, BASE);
}

/** Moves the tag of a base image to one with one more file, as if its vendor had rebuilt it. */
export async function moveBase(from: string, tag: string, release: string): Promise<void> {
  await build(tag, `FROM ${from}\nRUN echo ${release} > /etc/base-release\n`);
}

async function build(tag: string, dockerfile: string): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'micro-bench-base-'));
  try {
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    const output = ['--load', '--quiet', '--tag', tag];
    await mustRun('docker', ['buildx', 'build', '--builder', 'default', ...output, context]);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
