import { FORMER_BACKEND_NETWORK } from '../../../compose/paths';
import type { Container } from '../../../deployment/container';
import type { DesiredState } from '../../../deployment/desired-state';
import { DEPLOY_LABELS } from '../../../deployment/labels';
import { placesOf } from '../../../deployment/slice';
import { createArguments, type ComposeProject } from '../../../docker/compose';
import { connectArguments, disconnectArguments } from '../../../docker/container';
import { readProjectContainers } from '../../../effects/containers';
import { runDocker } from '../../../effects/engine';
import { BROKER_NAME, DATASTORE_PURPOSES, datastoreName } from '../../../platform/datastore';
import { formatStep } from '../../../terminal/step';
import { type Run, tellOf } from '../run';

/** A running datastore or broker that a service needs. */
interface Need {
  name: string;
  containers: readonly Container[];
  /** The networks that it has to be in, by their names on the engine. */
  networks: readonly string[];
}

/**
 * Has datastores and the broker that run already join the networks in which the new containers of a service look for
 * them, without stopping them: a deploy replaces nothing that may hold data, and an entry may name other networks than its
 * container is in. A container stays in those that it is in, where the old containers of the service reach it.
 *
 * @param before what ran when the deploy began.
 */
export async function reachNeeds(
  run: Run,
  project: ComposeProject | undefined,
  desired: DesiredState,
  consumes: readonly string[],
  before: readonly Container[],
): Promise<void> {
  const { runner, address, alone, name } = run;
  if (!needsOf(run, desired, consumes, before).some((need) => absentOf(need).length > 0)) return;
  // Another service of the run may have had the broker join by now, or may be about to.
  await alone(async () => {
    const now = await readProjectContainers(runner, address, name);
    for (const need of needsOf(run, desired, consumes, now))
      await join(run, project, desired, need);
  });
}

async function join(
  run: Run,
  project: ComposeProject | undefined,
  { service }: DesiredState,
  need: Need,
): Promise<void> {
  const { runner, address } = run;
  const absent = absentOf(need);
  if (absent.length === 0) return;
  if (project) {
    // Compose makes the networks of an entry also if it has no container to make.
    const args = createArguments(project, need.name, need.containers.length);
    await runDocker(runner, args, address, `Could not make the networks of ${need.name}`);
  }
  for (const network of absent) {
    for (const { id, name, networks } of need.containers) {
      if (networks[network]) continue;
      const args = connectArguments(network, id, [need.name]);
      await runDocker(runner, args, address, `Could not connect ${name} to ${network}`);
    }
  }
  const where = `${need.name} to ${absent.join(', ')}`;
  tellOf(run, service)(formatStep(service, 'connected', where));
}

function absentOf({ networks, containers }: Need): string[] {
  return networks.filter((network) => containers.some((one) => !one.networks[network]));
}

/**
 * Takes what services need out of the network that all datastores once shared, as soon as nobody who uses it is there any
 * more. Other networks that a container is in are none of ours.
 */
export async function leaveFormerNetwork(
  run: Run,
  desired: DesiredState,
  consumes: readonly string[],
  before: readonly Container[],
): Promise<void> {
  const { runner, address } = run;
  const { service, release } = desired;
  const former = formerName(run);
  const isThere = ({ networks }: Container) => networks[former] !== undefined;
  if (release || !before.some(isThere)) return;
  const all = await readProjectContainers(runner, address, run.name);
  for (const { name: need, containers, networks } of needsOf(run, desired, consumes, all)) {
    const isUser = ({ labels, service: of }: Container) =>
      labels[DEPLOY_LABELS.environment] !== undefined && (need === BROKER_NAME || of === service);
    if (networks.includes(former) || all.some((one) => isThere(one) && isUser(one))) continue;
    for (const { id, name } of containers.filter(isThere)) {
      const args = disconnectArguments(former, id);
      await runDocker(runner, args, address, `Could not disconnect ${name} from ${former}`);
      tellOf(run, service)(formatStep(service, 'disconnected', `${need} from ${former}`));
    }
  }
}

function needsOf(
  run: Pick<Run, 'name'>,
  desired: DesiredState,
  consumes: readonly string[],
  all: readonly Container[],
): Need[] {
  const { service, needs, needNetworks, release } = desired;
  const own = DATASTORE_PURPOSES.map((purpose) => datastoreName(service, purpose));
  // What a release remembers of a service says nothing of what it needs.
  const names = release
    ? [...own, BROKER_NAME]
    : [...needs.keys()].filter((name) => !consumes.includes(name));
  return names.flatMap((name) => {
    const containers = all.filter((one) => one.service === name && one.state === 'running');
    const networks = needNetworks.get(name) ?? formerNetwork(run, desired, containers);
    return containers.length > 0 ? [{ name, containers, networks }] : [];
  });
}

/** Where a release from before the move looks for what it needs. */
function formerNetwork(
  run: Pick<Run, 'name'>,
  { service, slice }: DesiredState,
  containers: readonly Container[],
): string[] {
  const former = formerName(run);
  const places = Object.keys(placesOf(slice, service, ''));
  const meet = containers.every(({ networks }) => places.some((network) => networks[network]));
  return places.includes(former) && !meet ? [former] : [];
}

function formerName({ name }: Pick<Run, 'name'>): string {
  return `${name}_${FORMER_BACKEND_NETWORK}`;
}
