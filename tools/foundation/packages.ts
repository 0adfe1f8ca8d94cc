import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../command.js';
import { ROOT } from '../generated/file.js';
import { ensureNpmPackages } from '../npm-packages.js';

/** About 600 MB: too much for the dependencies of this repository. */
const PACKAGES = {
  'aws-cdk-lib': '2.276.0',
  constructs: '10.8.1',
  cdktf: '0.21.0',
  '@cdktf/hcl2json': '0.21.0',
  // Its types are generated from the schema of version 6.25.0 of the provider.
  '@cdktf/provider-aws': '21.22.1',
};

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

/** What is checked with, for reports. */
export function versionOf(name: keyof typeof PACKAGES): string {
  return `${name} ${PACKAGES[name]}`;
}

/** Installs the packages once, into the user's cache; about a minute. @returns their folder. */
export async function providePackages(): Promise<string> {
  const versions = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  const folder = join(CACHE, 'org-micro-foundation', Object.values(PACKAGES).join('-'));
  const what = 'the AWS CDK and the types of the provider of Terraform: once, about a minute';
  await ensureNpmPackages(folder, versions, what);
  return folder;
}

/** Checks the types of a program in a folder with the packages, and runs it. @returns what it prints. */
export async function runTyped(
  folder: string,
  name: string,
  text: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true },
    ...{ module: 'nodenext', target: 'es2022' },
    ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] },
  };
  const project = join(folder, 'tsconfig.json');
  await writeFile(project, JSON.stringify({ compilerOptions, files: [name] }));
  const program = (bin: string) => join(ROOT, 'node_modules/.bin', bin);
  await mustRun(program('tsc'), ['-p', project]);
  return mustRun(program('tsx'), [file], { cwd: folder, env });
}
