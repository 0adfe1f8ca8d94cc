import type { ComposeConfig, ComposeEntry } from '../../../deployment/entry';
import { BROKER_VARIABLE, isBrokerServer } from '../../../platform/datastore';
import type { Environment } from '../../../platform/environment';
import type { ComposeProject } from '../../../docker/compose';
import { declaredState, imageOfPush, type DesiredState } from '../../../deployment/desired-state';
import { secretsLabel } from '../../../deployment/secrets';
import { fileReader } from '../../../effects/files';
import { findServiceProjects } from '../../../effects/workspace-projects';
import { renderProject, writeOverride } from '../../../effects/rendered-project';
import type { DeployedImage } from '../../../image/receipt';
import { readWrittenProblems } from '../../../effects/written-problems';
import { PlatformError } from '../../../platform/problem';
import { UserError } from '../../../platform/user-error';
import type { Service } from '../../../platform/platform';
import { readPlatform, ROOT_COMPOSE_FILE } from '../../../platform/workspace';
import type { ServiceTask } from '../../service-task';
import { readRunEdge, type RunEdge } from '../edge/run-edge';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';
import { readDeployed } from '../../read-push';

/** The project as it should run. */
export interface Rendered {
  /** The Compose project with the pushed images, for jobs and datastores. */
  project: ComposeProject;
  /** Every service of the compose files. */
  names: readonly string[];
  /** The project with no variable filled in. */
  written: ComposeConfig;
  /** For each service of the run that can be deployed. */
  desired: ReadonlyMap<string, DesiredState>;
  /** Absent if nothing was rendered, so that its desired state is unknown. */
  edge?: RunEdge;
}

/**
 * Renders the project once, with the pushed images of all services of the run; `undefined` for a rollback. The end of a
 * canary needs none of them, but the edge.
 */
export async function render(run: Run): Promise<Rendered | undefined> {
  const { kind } = run.mode.destination;
  if (kind === 'release') return undefined;
  const { tasks, failures, environment, secrets } = run;
  const pushes = new Map<ServiceTask, DeployedImage>();
  const isOfPush = kind === 'push' || kind === 'canary';
  const pushed = tasks.filter(({ service }) => isOfPush && !failures.has(service.name));
  for (const task of pushed) {
    const push = await attempt(run, task.service.name, () =>
      readDeployed(task, environment, run.mode),
    );
    if (push) pushes.set(task, push);
  }
  requireKept(run);
  const all = readServices(run);
  const services = [...pushes].map(([{ service }, push]) => ({ service, push }));
  const asWritten = true;
  const answer = await renderProject(run, services, all, { asWritten });
  const { project, names, config, written = config, publications } = answer;
  const desired = new Map<string, DesiredState>();
  for (const { service, push } of services) {
    if (!names.includes(service.name)) {
      const message = `${ROOT_COMPOSE_FILE} has no service "${service.name}": run "nx sync" so that it includes ${service.root}/compose.yaml`;
      failures.set(service.name, new UserError(message));
      continue;
    }
    // Catches a name that comes from "extends" or another file, which is not checked line by line.
    if (config.services[service.name]?.['container_name'] !== undefined) {
      const message = `${service.root}/compose.yaml: the entry of "${service.name}" has a container_name, which only one container can have: remove it from the file that sets it`;
      failures.set(service.name, new UserError(message));
      continue;
    }
    const unsaid = brokerProblem(service, config.services[service.name] ?? {}, environment);
    if (unsaid !== undefined) {
      failures.set(service.name, new UserError(unsaid));
      continue;
    }
    const own = secrets.get(service.name);
    const image = imageOfPush(push);
    const part = own ? secretsLabel(own) : '';
    const state = declaredState({
      ...{ config, service, environment, image, secrets: part },
      written: { config: written, workspaceRoot: run.workspaceRoot },
    });
    desired.set(service.name, state);
    await writeOverride(run, { service, push }, state.entryLabel);
  }
  const rendered = { project, names, written, desired };
  if (!publications) return rendered;
  return { ...rendered, edge: await readRunEdge(run, config, publications) };
}

/** Why a service would not start, because nobody said where its broker is. */
export function brokerProblem(
  { name, broker }: Pick<Service, 'name' | 'broker'>,
  entry: ComposeEntry,
  { file }: Pick<Environment, 'file'>,
): string | undefined {
  if (broker === undefined || isBrokerServer(broker)) return undefined;
  const variables = (entry['environment'] ?? {}) as Record<string, unknown>;
  const isSaid = [BROKER_VARIABLE, `${BROKER_VARIABLE}_FILE`].some((one) => variables[one]);
  return isSaid
    ? undefined
    : `${name} has no ${BROKER_VARIABLE}: its broker is SQS, which AWS runs. Write "${BROKER_VARIABLE}: sqs://<region>/<prefix of all names>" under services.${name}.environment in ${file}`;
}

/** @throws {PlatformError} with every setting in compose files that a deploy cannot follow. */
function requireKept({ workspaceRoot, tasks, environment }: Run): void {
  const services = tasks.map(({ service }) => service);
  const problems = readWrittenProblems(workspaceRoot, services, environment);
  if (problems.length > 0) throw new PlatformError(problems);
}

/** Every service of the platform. Services outside this run stay published. */
function readServices({ workspaceRoot, tasks }: Run): Service[] {
  const read = fileReader(workspaceRoot);
  const own = tasks.map(({ service }) => service);
  const { services } = readPlatform(findServiceProjects(workspaceRoot, read), read);
  return [...own, ...services.filter(({ name }) => !own.some((one) => one.name === name))];
}
