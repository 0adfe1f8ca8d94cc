import type { IsOrdered } from '../platform/broker-rights';
import {
  BROKER_NAME,
  DATASTORE_PURPOSES,
  datastoreName,
  isBrokerServer,
} from '../platform/datastore';
import type { DerivedFile } from '../platform/derived-file';
import { formatStale } from '../platform/derived-file';
import { linkVariables, networkUrl } from '../platform/link';
import { isSwitch } from '../platform/observability';
import type { Platform, Service } from '../platform/platform';
import { keyVariables, refersToKey, SERVICE_KEY_VARIABLE } from '../platform/service-key';
import { accountJobsOf, COMPLETED, convergeAccountJobs, possibleAccountJobs } from './account-jobs';
import { convergeBacking, removeBacking } from './datastore-entry';
import { BACKING_IMAGES } from './datastore-image';
import { ComposeEdit } from './compose-edit';
import { backingsOf, datastoresOf } from './datastore';
import { convergeMigrationJob, migrationJobName, needsMigration } from './migration-job';
import { convergeOwnImage, seedOwnEntry } from './own-entry';
import {
  BROKER_NETWORK,
  CLOSED_NETWORK,
  dataNetwork,
  EDGE_NETWORK,
  FORMER_BACKEND_NETWORK,
  serviceComposeFile,
} from './paths';
import { holdsPassword, secretReference } from './secret-reference';
import { NOT_OBSERVED, observedVariables, type Observed } from './observability';
import { convergePorts, publishesPort } from './ports';
import { providersToWaitFor } from './start-order';

const HEADER = `# \`nx sync\` keeps what service.yml says; anything else here is yours.\n`;

/** Matches the variable of any link, also of links to services that are gone. */
const LINK_VARIABLE = /^MICROSERVICE_([A-Z0-9_]+)_URL$/;

/**
 * A service's compose file: its entry, its datastores, and the jobs that create its accounts and migrate its database.
 *
 * Owned by sync, and set to what the manifest says on every run: `image`, `build.context` and `build.dockerfile`,
 * `deploy.replicas` and `deploy.resources.limits`; in `environment`: PORT, GRPC_PORT of a service that speaks gRPC, every MICROSERVICE_*_URL, the URLs and
 * service keys that contain one of our secrets, and the switches of metrics and traces; in `depends_on`: the services
 * of the platform and what those variables point to (the conditions are yours); the networks `edge`, `broker` and that
 * of its own datastores; the port of a gateway, if it is published under its own number. Written once, then yours:
 * `init`, `restart`, `stop_grace_period`, the hardening and the rotation of logs. Everything else is yours.
 *
 * @param current the file's text; absent if there is none.
 * @param hasMigrations whether a job creates tables before the service starts.
 * @param observed the metrics and traces of the service, if the platform collects them.
 * @param brokerImage the image in the broker's entry.
 * @param isChecked whether a service has a health check.
 * @param isOrdered whether the contract of an event has an order.
 * @throws {PlatformError} if the text is not a valid compose file.
 */
export function deriveServiceCompose(
  platform: Platform,
  service: Service,
  current: string | undefined,
  hasMigrations = false,
  observed: Observed = NOT_OBSERVED,
  brokerImage: string = BACKING_IMAGES.rabbitmq,
  isChecked: (service: Service) => boolean = () => true,
  isOrdered: IsOrdered = () => false,
): DerivedFile {
  const edit = new ComposeEdit(serviceComposeFile(service), current, HEADER);
  const at = ['services', service.name];
  const before = edit.read([...at, 'environment']);
  convergeImage(edit, platform, service);
  convergeBackings(edit, service);
  convergeEnvironment(edit, platform, service, observedVariables(observed, before));
  convergeAccountJobs(edit, platform, service, brokerImage, isOrdered);
  convergeMigrationJob(edit, platform, service, hasMigrations);
  convergeStartOrder(edit, platform, service, { before, hasMigrations, isChecked });
  convergeNetworks(edit, service);
  convergeDeploy(edit, service);
  convergePorts(edit, service, Number(before.get('PORT') ?? service.port));
  return edit.toFile();
}

function convergeImage(edit: ComposeEdit, platform: Platform, service: Service): void {
  const { name } = service;
  const isNew = !edit.has(['services', name]);
  convergeOwnImage(edit, name, platform, service);
  if (!isNew) return;
  seedOwnEntry(edit, name, { init: true, restart: 'unless-stopped', stop_grace_period: '40s' });
}

function convergeBackings(edit: ComposeEdit, service: Service): void {
  for (const datastore of datastoresOf(service)) {
    convergeBacking(edit, datastore, dataNetwork(service));
  }
  for (const purpose of DATASTORE_PURPOSES) {
    if (!service.datastores[purpose]) removeBacking(edit, datastoreName(service.name, purpose));
  }
}

function convergeEnvironment(
  edit: ComposeEdit,
  platform: Platform,
  service: Service,
  switches: Readonly<Record<string, string>>,
): void {
  const urls = Object.fromEntries(backingsOf(service).map(({ variable, url }) => [variable, url]));
  edit.converge(['services', service.name, 'environment'], {
    wanted: {
      PORT: String(service.port),
      ...(service.grpcPort === undefined ? {} : { GRPC_PORT: String(service.grpcPort) }),
      ...linkVariables(platform, service, networkUrl),
      ...urls,
      ...keyVariables(platform, service, secretReference),
      ...switches,
    },
    isStale: (name, text) =>
      LINK_VARIABLE.test(name) ||
      backingNamedIn(text, service) !== undefined ||
      (SERVICE_KEY_VARIABLE.test(name) && refersToKey(text)) ||
      isSwitch(name, text),
    form: 'map',
    ownsValues: true,
    isSecret: (name) => Object.hasOwn(urls, name) || SERVICE_KEY_VARIABLE.test(name),
  });
}

/** The datastore or broker whose password a value contains. */
function backingNamedIn(text: string | undefined, { name }: Service): string | undefined {
  if (text === undefined) return undefined;
  const ownAtBroker = `${name}-${BROKER_NAME}`;
  const candidates = [...DATASTORE_PURPOSES.map((p) => datastoreName(name, p)), BROKER_NAME];
  return candidates.find(
    (candidate) =>
      holdsPassword(text, candidate) ||
      (candidate === BROKER_NAME && holdsPassword(text, ownAtBroker)),
  );
}

function convergeStartOrder(
  edit: ComposeEdit,
  platform: Platform,
  service: Service,
  facts: {
    before: ReadonlyMap<string, string | undefined>;
    hasMigrations: boolean;
    isChecked: (service: Service) => boolean;
  },
): void {
  const { before, hasMigrations, isChecked } = facts;
  const job = migrationJobName(service);
  const names = [
    ...providersToWaitFor(platform, service),
    ...backingsOf(service).map(({ name }) => name),
  ];
  // Only of what it waits for: to tell it, a Compose file and a Dockerfile are parsed.
  const unchecked = platform.services.flatMap((one) =>
    names.includes(one.name) && !isChecked(one) ? [one.name] : [],
  );
  const at = ['services', service.name, 'depends_on'];
  for (const name of names.filter((one) => unchecked.includes(one))) {
    const condition = [...at, name, 'condition'];
    // Otherwise Compose fails with "has no healthcheck configured".
    if (edit.value(condition) === 'service_healthy') edit.set(condition, 'service_started');
  }
  const accountJobs = accountJobsOf(service);
  const ours = new Set([
    ...platform.services.map(({ name }) => name),
    job,
    ...possibleAccountJobs(service),
  ]);
  for (const [variable, text] of before) {
    const provider = LINK_VARIABLE.exec(variable)?.[1];
    if (provider) ours.add(provider.toLowerCase().replaceAll('_', '-'));
    const backing = backingNamedIn(text, service);
    if (backing) ours.add(backing);
  }
  edit.converge(at, {
    wanted: {
      ...Object.fromEntries(
        names.map((name) => [
          name,
          { condition: unchecked.includes(name) ? 'service_started' : 'service_healthy' },
        ]),
      ),
      ...Object.fromEntries(accountJobs.map((name) => [name, COMPLETED])),
      ...(needsMigration(service, hasMigrations) ? { [job]: COMPLETED } : {}),
    },
    isStale: (name) => ours.has(name),
    form: 'map',
    ownsValues: false,
    label: (name) => `depends_on ${name}`,
  });
}

function convergeNetworks(edit: ComposeEdit, service: Service): void {
  const own = dataNetwork(service);
  const hasDatastores = datastoresOf(service).length > 0;
  edit.converge(['services', service.name, 'networks'], {
    wanted: {
      [EDGE_NETWORK]: null,
      ...(hasDatastores ? { [own]: null } : {}),
      ...(isBrokerServer(service.broker) ? { [BROKER_NETWORK]: null } : {}),
    },
    isStale: (name) => [own, BROKER_NETWORK, FORMER_BACKEND_NETWORK].includes(name),
    form: 'list',
    ownsValues: false,
    label: (name) => `network ${name}`,
  });
  if (hasDatastores) {
    edit.declare(['networks', own], CLOSED_NETWORK, `network ${own} is missing`);
  } else edit.remove(['networks', own], `network ${own} is not used any more`, 1);
}

/** Compose reads `deploy.resources.limits` like Swarm does, so one notation works for both. */
function convergeDeploy(edit: ComposeEdit, { name, kind, replicas, resources }: Service): void {
  const at = ['services', name];
  const several = replicas > 1 && !publishesPort({ kind });
  setOrRemove(edit, at, ['deploy', 'replicas'], several ? replicas : undefined);
  const limits = ['deploy', 'resources', 'limits'];
  setOrRemove(edit, at, [...limits, 'cpus'], resources.cpus && String(resources.cpus));
  setOrRemove(edit, at, [...limits, 'memory'], resources.memory);
}

function setOrRemove(
  edit: ComposeEdit,
  at: readonly string[],
  key: readonly string[],
  value: string | number | undefined,
): void {
  if (value !== undefined) edit.set([...at, ...key], value);
  else edit.remove([...at, ...key], formatStale(key.join('.')), at.length + 1);
}
