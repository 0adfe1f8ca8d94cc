import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLines } from '../docker/engine-error';
import { aws, RETRIES, UNATTENDED } from '../ecs/aws';
import { parseAwsComplaint, type AwsComplaint } from '../ecs/complaint';
import type { EcsScope } from '../ecs/names';
import type { EcsEnvironment } from '../platform/ecs-environment';
import { UserError } from '../platform/user-error';
import { SpawnError, type Outcome, type Runner } from './process';

/** AWS or its CLI said no, or nothing. */
export class AwsError extends UserError {
  override readonly name = 'AwsError';

  constructor(
    readonly complaint: AwsComplaint,
    message: string,
  ) {
    super(message);
  }
}

/** How AWS is reached, for one environment. */
export interface Aws {
  runner: Runner;
  region: string;
  /** The ECS cluster. */
  cluster: string;
  /** The file of the environment, for messages. */
  file: string;
}

/** AWS as an environment names it. */
export function awsOf(
  runner: Runner,
  { region, cluster }: Pick<EcsScope, 'region' | 'cluster'>,
  { file }: Pick<EcsEnvironment, 'file'>,
): Aws {
  return { runner, region, cluster, file };
}

/** How long one call may take, with all its repetitions. */
const ANSWER_MILLISECONDS = 180_000;

/**
 * Makes a call that has to succeed.
 *
 * @param args such as `['ecs', 'list-services', '--cluster', 'shop']`.
 * @param what went wrong if it does not: `Could not register orders`.
 * @param input of the call, if it has more than fits on a command line.
 * @throws {AwsError} saying what to do.
 */
export async function runAws<T>(
  reached: Aws,
  args: readonly string[],
  what: string,
  input?: object,
): Promise<T> {
  const { stdout } =
    input === undefined
      ? await call(reached, args, what)
      : await withFile(input, (file) =>
          call(reached, [...args, '--cli-input-json', `file://${file}`], what),
        );
  return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as T;
}

async function call(reached: Aws, args: readonly string[], what: string): Promise<Outcome> {
  const command = { ...aws(args, reached.region), env: { ...UNATTENDED, ...unset(RETRIES) } };
  try {
    const outcome = await reached.runner.run(command, { timeout: ANSWER_MILLISECONDS });
    if (outcome.exitCode === 0) return outcome;
    throw toAwsError(what, outcome, reached);
  } catch (error) {
    if (!(error instanceof SpawnError) || error.cause.code !== 'ENOENT') throw error;
    throw new UserError(
      `"aws" was not found on the PATH: install the AWS CLI, version 2, log in, and run this again`,
    );
  }
}

function unset(variables: Readonly<Record<string, string>>): Record<string, string> {
  const missing = Object.entries(variables).filter(([name]) => process.env[name] === undefined);
  return Object.fromEntries(missing);
}

/** Inputs are files: a command line is short on some systems, and everyone on the machine can read it. */
async function withFile<T>(input: object, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'micro-ecs-'));
  const file = join(folder, 'input.json');
  try {
    await writeFile(file, JSON.stringify(input), { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a call that failed means, and what to do. */
export function toAwsError(what: string, { stderr, exitCode }: Outcome, reached: Aws): AwsError {
  const complaint = parseAwsComplaint(stderr);
  const words = lastLines(stderr, 20) || `aws ended with exit code ${exitCode}`;
  return new AwsError(complaint, `${what}: ${adviceOn(complaint, reached) ?? words}`);
}

/** `undefined` if the words of AWS are all that can be said. */
function adviceOn(complaint: AwsComplaint, { region, cluster, file }: Aws): string | undefined {
  switch (complaint.kind) {
    case 'credentials':
      return `AWS does not accept these credentials (${complaint.reason}). Log in again, for example with "aws sso login", check "aws sts get-caller-identity", and run this again`;
    case 'forbidden':
      return `these credentials may not do this (${complaint.reason}). Add the permission, and run this again`;
    case 'throttled':
      return `AWS refuses calls that come too fast, and went on refusing when they were repeated (${complaint.reason}). Run this again in a minute; AWS_MAX_ATTEMPTS sets how often a call is repeated`;
    case 'no-answer':
      return `AWS does not answer in ${region} (${complaint.reason}). Check the network and "region" in ${file}, and run this again`;
    case 'no-cluster':
      return `there is no ECS cluster ${cluster} in ${region}. "micro render --format=cloudformation" writes a template that makes it; or correct "cluster" in ${file}`;
    case 'no-namespace':
      return `there is no namespace of Service Connect as ${file} names it. "micro render --format=cloudformation" writes a template that makes it; or correct "namespace"`;
    case 'old-client':
      return `this AWS CLI is too old (${complaint.reason}): update it, and run this again`;
    case 'other':
      return complaint.reason || undefined;
    default:
      return undefined;
  }
}
