#!/usr/bin/env node
import { join } from 'node:path';
import { buildArtifact } from '../effects/bundle-artifact';
import { fileReader } from '../effects/files';
import { MANIFEST_FILE, parseManifest } from '../platform/manifest';
import { PlatformError } from '../platform/problem';
import { UserError } from '../platform/user-error';

const USAGE = `usage: micro <command>

  build <project root>   bundle a service into dist/<project root>, without Nx; Dockerfiles use it
`;

async function main([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case 'build':
      return build(args);
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

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 1;
});
