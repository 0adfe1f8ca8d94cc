import { chmod } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureVenv, readModulesFolder } from '../debian/venv.js';
import { ensureNpmPackages } from '../npm-packages.js';
import { LabError } from '../program.js';

/**
 * AWS's SAM CLI contains AWS's Runtime Interface Emulator as a program: the one that is in the base images, too. Neither
 * has a release of its own that could be downloaded without GitHub. The wheel is the same for each platform.
 */
const SAM = {
  version: '1.170.0',
  sha256: '24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf',
};

/** The program of each processor, in the wheel. */
const PROGRAMS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'samcli/local/rapid/aws-lambda-rie-x86_64',
  arm64: 'samcli/local/rapid/aws-lambda-rie-arm64',
};

/** AWS's runtime for Node, which loads the handler. */
const CLIENT_VERSION = '4.0.2';

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const HOME = join(CACHE, 'org-micro-lambda');

/** Programs that run a function as Lambda does; both are AWS's own. */
export interface LambdaPrograms {
  emulator: string;
  /** The module that loads the handler. */
  client: string;
}

/** What the programs are, for reports. */
export const LAMBDA_PROGRAMS = `the emulator of aws-sam-cli ${SAM.version}, aws-lambda-ric ${CLIENT_VERSION}`;

/**
 * Installs both once, into the user's cache: some seconds.
 *
 * @throws LabError if this machine can't run them, or can't install them.
 */
export async function provideLambdaPrograms(): Promise<LambdaPrograms> {
  return { emulator: await provideEmulator(), client: await provideClient() };
}

async function provideEmulator(): Promise<string> {
  const program = process.platform === 'linux' ? PROGRAMS[process.arch] : undefined;
  if (!program) {
    const machine = `${process.platform} on ${process.arch}`;
    throw new LabError(
      `AWS's emulator of Lambda runs on Linux, on x64 and arm64; this is ${machine}`,
    );
  }
  const folder = join(HOME, `sam-${SAM.version}`);
  await ensureVenv(folder, {
    requirements: [`aws-sam-cli==${SAM.version} --hash=sha256:${SAM.sha256}`],
    alone: true,
    what: "AWS's emulator of Lambda",
  });
  const emulator = join(await readModulesFolder(folder), program);
  await chmod(emulator, 0o755);
  return emulator;
}

async function provideClient(): Promise<string> {
  const folder = join(HOME, `ric-${CLIENT_VERSION}`);
  // Its scripts would compile curl and a native addon; see rapid-client.mjs.
  const packages = [`aws-lambda-ric@${CLIENT_VERSION}`];
  await ensureNpmPackages(folder, packages, "AWS's runtime for Node: once, some seconds");
  return join(folder, 'node_modules/aws-lambda-ric/index.mjs');
}
