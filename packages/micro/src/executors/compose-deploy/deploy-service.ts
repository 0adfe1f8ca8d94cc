import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { EngineAddress } from '../../docker/command';
import {
  configArguments,
  servicesArguments,
  runArguments,
  startArguments,
  type ComposeProject,
} from '../../docker/compose';
import { removeArguments } from '../../docker/container';
import { pullArguments } from '../../docker/image';
import { readProjectContainers, type Container } from '../../effects/containers';
import { inspectImages, runDocker } from '../../effects/engine';
import { timestamp } from '../../effects/clock';
import { readEnvironment } from '../../effects/environments';
import { withTemporaryFolder, writeWhole } from '../../effects/files';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { LABELS } from '../../image/image-key';
import {
  deployReceiptSchema,
  pushReceiptSchema,
  receiptFile,
  type DeployReceipt,
  type PushReceipt,
} from '../../image/receipt';
import type { Environment } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { ROOT_COMPOSE_FILE } from '../../platform/workspace';
import { requireEnvironment } from '../docker-push/push-image';
import { formatSeconds, formatStep } from '../format';
import type { ServiceTask } from '../service-task';
import { entryLabel, jobsOf, overrideFile, pinnedImage, type ComposeEntry } from './entry';
import { planDeploy, touchedOthers, type DeployPlan } from './plan';
import { composeFiles, projectNameOf } from './project';
import { roll } from './roll';
import { wantedOf } from './wanted';

/** Options as Nx gives them. */
export interface ComposeDeployOptions {
  environment?: string;
  /** Print the plan and do nothing. */
  plan?: boolean;
}

interface Deploy extends ServiceTask {
  environment: Environment;
  address: EngineAddress;
  receipt: PushReceipt;
}

/**
 * Deploys a service: renders its entry with the pushed digest, compares it with what the engine runs,
 * prints the plan and carries it out.
 * @throws {UserError} where it could not; then what served before serves still.
 */
export async function deployService(
  task: ServiceTask,
  options: ComposeDeployOptions,
): Promise<void> {
  const started = task.clock.now();
  const { workspaceRoot, service, runner, say, platformName } = task;
  const environment = readEnvironment(workspaceRoot, requireEnvironment(options));
  const receipt = await readReceipt(
    workspaceRoot,
    receiptFile(service.root, 'docker-push', environment.name),
    pushReceiptSchema,
  );
  if (!receipt) {
    throw new UserError(
      `nothing of "${service.name}" was pushed for ${environment.name} yet: run nx docker-push ${service.name} -c ${environment.name}`,
    );
  }
  const address = { context: environment.context, host: environment.host };
  const deploy: Deploy = { ...task, environment, address, receipt };
  const projectName = projectNameOf(platformName, environment);

  await withTemporaryFolder(async (folder) => {
    const override = join(folder, 'override.yaml');
    const project: ComposeProject = {
      name: projectName,
      files: [...composeFiles(workspaceRoot, environment), override],
    };
    const rendered = await render(deploy, project, override);
    const before = await readProjectContainers(runner, address, projectName);
    const plan = planDeploy(
      before.filter((container) => container.service === service.name),
      rendered.wanted,
    );
    const missing = missingNeeds(task, rendered.needs, before);
    const jobs = plan.kind === 'keep' ? [] : rendered.jobs;
    tellPlan(deploy, plan, missing, jobs);
    if (options.plan) return;
    await requireImage(deploy);
    if (missing.datastores.length > 0) {
      await runDocker(
        runner,
        startArguments(project, missing.datastores, environment.healthTimeout),
        address,
        `Could not start what ${service.name} needs (${missing.datastores.join(', ')})`,
      );
    }
    await runJobs(deploy, project, jobs);
    const containers =
      plan.kind === 'keep'
        ? await keep(deploy, plan)
        : await roll({
            runner,
            address,
            project,
            service: service.name,
            plan,
            healthTimeout: environment.healthTimeout,
            clock: task.clock,
            say,
          });
    await requireOthersUntouched(deploy, projectName, before, missing.datastores);
    await leaveReceipt(deploy, containers);
    say(
      formatStep(
        service.name,
        plan.kind === 'keep' ? 'kept' : 'deployed',
        `${containers.map(({ name }) => name).join(', ')} in ${environment.name}  ${formatSeconds(task.clock.now() - started)}`,
      ),
    );
  });
}

/** Leaves what serves alone and removes what an earlier deploy left beside it. */
async function keep(
  { runner, address, service }: Deploy,
  { serving, leftovers }: DeployPlan,
): Promise<readonly Container[]> {
  if (leftovers.length > 0) {
    await runDocker(
      runner,
      removeArguments(leftovers.map(({ id }) => id)),
      address,
      `Could not remove what an earlier deploy of ${service.name} left`,
    );
  }
  return serving;
}

interface Rendered {
  wanted: Parameters<typeof planDeploy>[1];
  /** What the entry says it depends on, and that runs all the time. */
  needs: string[];
  /** What it waits for the end of. */
  jobs: string[];
}

/** Renders the project to see the entry, and leaves the override with the label that says what it was. */
async function render(
  { runner, service, environment, receipt, address }: Deploy,
  project: ComposeProject,
  override: string,
): Promise<Rendered> {
  const writeOverride = (label?: string, jobs: readonly string[] = []) =>
    writeWhole(override, overrideFile(service, environment, receipt, label, jobs), 0o600);
  await writeOverride();
  const unreadable = `${ROOT_COMPOSE_FILE} could not be read`;
  const own = { ...project, files: project.files.filter((file) => file !== override) };
  const [{ stdout: names }, { stdout }] = await Promise.all([
    runDocker(runner, servicesArguments(own), address, unreadable),
    runDocker(runner, configArguments(project), address, unreadable),
  ]);
  if (!names.split('\n').includes(service.name)) {
    throw new UserError(
      `${ROOT_COMPOSE_FILE} has no service "${service.name}": run "nx sync" so that it includes ${service.root}/compose.yaml`,
    );
  }
  const { services } = JSON.parse(stdout) as { services: Record<string, ComposeEntry> };
  const entry = services[service.name]!;
  const label = entryLabel(entry);
  const jobs = jobsOf(entry);
  const ofThisImage = (name: string) =>
    entry['build'] !== undefined && isDeepStrictEqual(services[name]?.['build'], entry['build']);
  await writeOverride(label, jobs.filter(ofThisImage));
  return {
    wanted: wantedOf(service, environment, receipt.key, entry),
    needs: Object.keys((entry['depends_on'] as object | undefined) ?? {}).filter(
      (name) => !jobs.includes(name),
    ),
    jobs,
  };
}

interface MissingNeeds {
  /** Datastores and the broker: started by this deploy. */
  datastores: string[];
  /** Other services that this command does not deploy either. */
  services: string[];
}

/** What an entry depends on and does not run: other services are told apart by the manifest. */
function missingNeeds(
  { service: { consumes }, sameRun }: ServiceTask,
  needs: readonly string[],
  containers: readonly Container[],
): MissingNeeds {
  const runs = (name: string) =>
    containers.some(({ service, state }) => service === name && state === 'running');
  return {
    datastores: needs.filter((name) => !consumes.includes(name) && !runs(name)),
    services: consumes.filter((name) => !runs(name) && !sameRun.has(name)),
  };
}

function tellPlan(
  { service, environment, receipt, say }: Deploy,
  plan: DeployPlan,
  missing: MissingNeeds,
  jobs: readonly string[],
): void {
  say(`plan for ${environment.name}`);
  const image = pinnedImage(receipt);
  say(
    plan.kind === 'keep'
      ? `  keep     ${service.name}  nothing changed`
      : `  ${plan.kind.padEnd(7)}  ${service.name}  ${plan.reason}; ${image}${plan.order === 'stop-first' ? '; stopped first, since two cannot run side by side (a port or address of the host)' : ''}`,
  );
  for (const name of missing.datastores) say(`  start    ${name}  needed by ${service.name}`);
  for (const name of jobs)
    say(`  run      ${name}  once, before a new container of ${service.name}`);
  for (const name of missing.services) {
    say(
      `  missing  ${name}  ${service.name} consumes it, and it does not run in ${environment.name}: nx compose-deploy ${name} -c ${environment.name}`,
    );
  }
}

/** What has to be done once with the new image before any container of it serves; it stops the deploy where it fails. */
async function runJobs(
  { runner, address, service, say, clock }: Deploy,
  project: ComposeProject,
  jobs: readonly string[],
): Promise<void> {
  for (const job of jobs) {
    const started = clock.now();
    await runDocker(
      runner,
      runArguments(project, job),
      address,
      `${job} failed, and ${service.name} was left as it was`,
    );
    say(`${service.name}  ran ${job}  ${formatSeconds(clock.now() - started)}`);
  }
}

/** The engine that deploys has the image, or can pull it by its digest. */
async function requireImage({
  runner,
  receipt,
  address,
  service,
  environment,
  say,
}: Deploy): Promise<void> {
  const reference = pinnedImage(receipt);
  const image = (await inspectImages(runner, [reference], address)).get(reference);
  if (!image && receipt.kind === 'local') {
    throw new UserError(
      `${reference} is not on the engine of ${environment.name}: build it there with nx docker-build ${service.name}, or give ${environment.file} a "registry"`,
    );
  }
  if (!image) {
    say(`${service.name}  pulling ${reference}`);
    await runDocker(runner, pullArguments(reference), address, `Could not pull ${reference}`);
  }
  const there = image ?? (await inspectImages(runner, [reference], address)).get(reference);
  if (there?.labels[LABELS.key] !== receipt.key) {
    throw new UserError(
      `${reference} does not carry the key of its receipt: run nx docker-push ${service.name} again`,
    );
  }
}

/** The proof that a deploy touched its own service and nothing else. */
async function requireOthersUntouched(
  { runner, address, service }: Deploy,
  project: string,
  before: readonly Container[],
  started: readonly string[],
): Promise<void> {
  const after = await readProjectContainers(runner, address, project);
  const touched = touchedOthers(before, after, new Set([service.name, ...started]));
  if (touched.length > 0) {
    throw new UserError(
      `the deploy of "${service.name}" also changed ${touched.join(', ')}: nothing else should; look for another deploy at the same time`,
    );
  }
}

async function leaveReceipt(
  { workspaceRoot, service, environment, receipt, clock }: Deploy,
  containers: readonly Container[],
): Promise<void> {
  const file = receiptFile(service.root, 'compose-deploy', environment.name);
  const previous = await readReceipt(workspaceRoot, file, deployReceiptSchema);
  const deployed: DeployReceipt = {
    kind: 'compose-deploy',
    service: service.name,
    key: receipt.key,
    environment: environment.name,
    image: pinnedImage(receipt),
    containers: containers.map(({ id }) => id),
    since: timestamp(clock),
  };
  await writeReceipt(workspaceRoot, file, deployed, previous);
}
