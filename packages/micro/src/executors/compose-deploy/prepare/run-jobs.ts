import { join } from 'node:path';
import { docker, formatCommand } from '../../../docker/command';
import {
  type ComposeProject,
  createArguments,
  recreateArguments,
  runArguments,
} from '../../../docker/compose';
import { EngineError } from '../../../docker/engine-error';
import { removeArguments, runToEndArguments, tableArguments } from '../../../docker/container';
import { readProjectContainers } from '../../../effects/containers';
import { runDocker } from '../../../effects/engine';
import { writeWhole } from '../../../effects/files';
import type { Runner } from '../../../effects/process';
import type { Secret } from '../../../platform/secret';
import { composeFiles } from '../../../effects/rendered-project';
import { databaseAccountsJob } from '../../../platform/account';
import { RESTART_FIRST } from '../../../platform/mysql-accounts';
import { UserError } from '../../../platform/user-error';
import { formatSeconds, formatStep } from '../../../terminal/step';
import { secretsOf } from './read-secrets';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import type { DesiredState } from '../../../deployment/desired-state';
import { giveSecrets } from '../roll/give-secrets';
import { againIfPruned, makeOf, Pruned } from '../roll/retry-if-pruned';
import { requireImage } from './find-images';

/**
 * Runs jobs such as migrations once with the new image, before a container of it serves. If one fails, the deploy
 * stops.
 */
export async function runJobs(
  run: Run,
  project: ComposeProject,
  service: string,
  desired: DesiredState,
): Promise<void> {
  const { jobs, ownJobs } = desired;
  const { runner, address, clock, name, folder, environment } = run;
  for (const job of jobs) {
    const started = clock.now();
    const failed = `${job} failed, and ${service} was not changed`;
    const slice = ownJobs.get(job);
    const file = join(folder, `${job}.json`);
    if (slice) await writeWhole(file, JSON.stringify(slice), 0o600);
    const own = slice ? { name, files: [file] } : project;
    const secrets = slice && secretsOf(run, service, slice, job);
    try {
      if (secrets) {
        await againIfPruned(
          () => runWithSecrets(run, own, { service, job, secrets, failed }),
          () => requireImage(run, desired),
        );
      } else await runDocker(runner, runArguments(own, job), address, failed, limitOf(run));
    } catch (error) {
      if (!secrets) await removeJob(run, job);
      const command = restartCommand(run, desired, job, error);
      if (command) throw new UserError(`${(error as Error).message}\n  ${command}`);
      if (clock.now() - started < environment.jobTimeout * 1000) throw error;
      const limit = `it took longer than ${environment.jobTimeout} s (jobTimeout of the environment) and was ended`;
      throw new UserError([`${failed}: ${limit}`, (error as Error).message].join('\n'));
    }
    const took = formatSeconds(clock.now() - started);
    tellOf(run, service)(formatStep(service, 'ran', `${job}  ${took}`));
  }
}

/** What restarts the database of a job that needs that first, for a person to run in the workspace's folder. */
function restartCommand(
  { workspaceRoot, environment, address, name }: Run,
  { needs }: DesiredState,
  job: string,
  error: unknown,
): string | undefined {
  if (!(error instanceof EngineError) || error.exitCode !== RESTART_FIRST) return undefined;
  const database = [...needs.keys()].find((need) => databaseAccountsJob({ name: need }) === job);
  if (database === undefined) return undefined;
  const project = { name, files: composeFiles(workspaceRoot, environment) };
  return formatCommand(docker(recreateArguments(project, database), address));
}

/** Only killing the client ends a job that ignores SIGTERM. */
function limitOf({ environment }: Pick<Run, 'environment'>) {
  return { timeout: environment.jobTimeout * 1000, killSignal: 'SIGKILL' } as const;
}

/** Without this, the job would keep running after its client ended, and hold its locks. */
async function removeJob({ undo, address, name }: Run, job: string): Promise<void> {
  const labels = [`com.docker.compose.project=${name}`, `com.docker.compose.service=${job}`];
  const what = `Could not remove the container of ${job}`;
  const { stdout } = await runDocker(
    undo.runner,
    tableArguments(labels, ['{{.ID}}']),
    address,
    what,
  );
  const ids = stdout.split('\n').filter(Boolean);
  if (ids.length > 0) await runDocker(undo.runner, removeArguments(ids), address, what);
}

interface SecretJob {
  service: string;
  job: string;
  secrets: Secret;
  /** The message if it fails. */
  failed: string;
}

/** Like `docker compose run`, but copies the secrets into the container before it starts. */
async function runWithSecrets(
  { runner, undo, address, name, alone, environment }: Run,
  project: ComposeProject,
  { service, job, secrets, failed }: SecretJob,
): Promise<void> {
  await discard(runner);
  try {
    const args = createArguments(project, job, 1);
    await alone(() => makeOf(job, (what) => runDocker(runner, args, address, what)));
    const [created] = await find(runner);
    if (!created) {
      throw new Pruned(
        `${job}: docker compose made no container: check whether another deploy is running`,
      );
    }
    await giveSecrets({ runner, address, service, secrets }, [created]);
    await runDocker(
      runner,
      runToEndArguments(created.id),
      address,
      failed,
      limitOf({ environment }),
    );
  } finally {
    await discard(undo.runner);
  }

  async function find(by: Runner) {
    const containers = await readProjectContainers(by, address, name);
    return containers.filter((container) => container.service === job);
  }

  /** Also removes what a killed deploy left: the secrets are removed with their container. */
  async function discard(by: Runner): Promise<void> {
    const ids = (await find(by)).map(({ id }) => id);
    if (ids.length === 0) return;
    await runDocker(by, removeArguments(ids), address, `Could not remove the container of ${job}`);
  }
}
