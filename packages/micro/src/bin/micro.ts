#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { OBSERVABILITY_COMPOSE_FILE } from '../compose/paths';
import { missingSecrets } from '../compose/secrets';
import { buildArtifact } from '../effects/bundle-artifact';
import { fileReader, writeWhole } from '../effects/files';
import { findServiceProjects } from '../effects/workspace-projects';
import { MANIFEST_FILE, parseManifest } from '../platform/manifest';
import { PlatformError } from '../platform/problem';
import { UserError } from '../platform/user-error';
import { readPlatform } from '../platform/workspace';

/** Compose reads it from beside compose.yaml; git never does. */
const SECRETS_FILE = '.env';

const USAGE = `usage: micro <command>

  build <project root>   bundle a service into dist/<project root>, without Nx; Dockerfiles use it
  env                    add the passwords and keys that compose.yaml needs and .env lacks
`;

async function main([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case 'build':
      return build(args);
    case 'env':
      return env();
    default:
      throw new UserError(USAGE);
  }
}

async function build([projectRoot]: readonly string[]): Promise<void> {
  if (projectRoot === undefined) throw new UserError(USAGE);
  const workspaceRoot = process.cwd();
  const root = projectRoot.replace(/\/+$/, '');
  const file = `${root}/${MANIFEST_FILE}`;
  const text = fileReader(workspaceRoot)(file);
  if (text === undefined) {
    throw new UserError(
      `${join(workspaceRoot, file)} is not there: run this at the workspace root`,
    );
  }
  const { read, problems } = parseManifest(file, text);
  if (!read) throw new PlatformError(problems);
  const outputPath = `dist/${root}`;
  await buildArtifact({ workspaceRoot, projectRoot: root, build: read.manifest.build, outputPath });
  console.log(`${root} -> ${outputPath}`);
}

/** Adds each password and key that is missing; those that are there stay. */
async function env(): Promise<void> {
  const workspaceRoot = process.cwd();
  const read = fileReader(workspaceRoot);
  const platform = readPlatform(findServiceProjects(workspaceRoot, read), read);
  const text = read(SECRETS_FILE) ?? '';
  const isObserved = read(OBSERVABILITY_COMPOSE_FILE) !== undefined;
  const missing = missingSecrets(platform, text, isObserved);
  if (missing.length === 0) return console.log(`${SECRETS_FILE} has all that is needed`);
  const lines = missing.map((name) => `${name}=${randomBytes(24).toString('hex')}\n`);
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  await writeWhole(join(workspaceRoot, SECRETS_FILE), text + separator + lines.join(''), 0o600);
  console.log(`${SECRETS_FILE}: added ${missing.join(', ')}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 1;
});
