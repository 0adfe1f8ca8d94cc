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
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';

/** A running datastore or broker that a service needs. */
interface Need {
  name: string;
  containers: readonly Container[];
  /** The networks that it must be connected to, by their names on the engine. */
  networks: readonly string[];
}

/**
 * Connects running datastores and the broker to the networks in which the new containers of a service look for them.
 * Their entries may name other networks than their containers are in, and a deploy does not replace what may hold data.
 * They stay in their old networks too, where the old containers of the service reach them.
 *
 * @param before the containers at the start of the deploy.
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
  // Another service of the run may be connecting the broker at the same time.
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
    // Compose creates the networks of an entry even if no container is missing.
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
 * Disconnects datastores and the broker from the network that all of them once shared, as soon as none of their users
 * is in it. Other networks are not touched.
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
  // A recorded release does not contain the networks of what it needs.
  const names = release
    ? [...own, BROKER_NAME]
    : [...needs.keys()].filter((name) => !consumes.includes(name));
  return names.flatMap((name) => {
    const containers = all.filter((one) => one.service === name && one.state === 'running');
    const networks = needNetworks.get(name) ?? formerNetwork(run, desired, containers);
    return containers.length > 0 ? [{ name, containers, networks }] : [];
  });
}

/** The network in which a release from before the move finds its datastores. */
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
