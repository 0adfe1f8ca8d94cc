import { brokerAccountJob, databaseAccountsJob } from '../platform/account';
import { brokerDefinitions, brokerAccountScript, type IsOrdered } from '../platform/broker-rights';
import {
  BROKER_NAME,
  datastoreName,
  hasServiceAccounts,
  isBrokerServer,
} from '../platform/datastore';
import { formatStale } from '../platform/derived-file';
import type { Platform, Service } from '../platform/platform';
import type { ComposeEdit } from './compose-edit';
import { databaseAccountsRun } from './database-accounts';
import { BACKING_IMAGES } from './datastore-image';
import { brokerFor, datastoresOf, type BackingService } from './datastore';
import { SERVICE_HARDENING } from './hardening';
import { convergeNetwork } from './own-entry';
import { holdsPassword, secretReference } from './secret-reference';
import { BROKER_NETWORK, dataNetwork } from './paths';

/** Services wait for a job to succeed. */
export const COMPLETED = { condition: 'service_completed_successfully' } as const;

/** The jobs that create the accounts of a service, in the order in which they run. */
export function accountJobsOf(service: Service): string[] {
  return [
    ...datastoresOf(service)
      .filter(({ accounts }) => accounts !== undefined)
      .map(databaseAccountsJob),
    ...(hasServiceAccounts(service.broker) ? [brokerAccountJob(service)] : []),
  ];
}

/** The jobs that any service could have, whatever its manifest says. */
export function possibleAccountJobs(service: Pick<Service, 'name'>): string[] {
  const name = datastoreName(service.name, 'database');
  return [databaseAccountsJob({ name }), brokerAccountJob(service)];
}

/**
 * Updates the jobs that create a service's accounts. They use the image of their datastore, and run before the service
 * and its migration at every deploy. Accounts that are as they should be stay as they are, so datastores that are older
 * than this feature get their accounts, too.
 *
 * @param brokerImage the image in the broker's entry.
 * @param isOrdered whether an event's queues are divided by a key.
 */
export function convergeAccountJobs(
  edit: ComposeEdit,
  platform: Platform,
  service: Service,
  brokerImage: string,
  isOrdered: IsOrdered,
): void {
  for (const name of possibleAccountJobs(service)) {
    if (!accountJobsOf(service).includes(name)) removeJob(edit, name, service);
  }
  const network = dataNetwork(service);
  for (const datastore of datastoresOf(service)) {
    const written = edit.value(['services', datastore.name, 'image']);
    const image = typeof written === 'string' ? written : BACKING_IMAGES[datastore.engine];
    const run = databaseAccountsRun(datastore, image);
    if (!run) continue;
    convergeJob(edit, {
      name: databaseAccountsJob(datastore),
      image,
      user: run.user,
      script: run.script,
      environment: run.environment,
      of: datastore,
      network,
      // The image declares volumes at these paths. Without a tmpfs, each run would leave anonymous volumes behind.
      seeds: { tmpfs: ['/tmp', ...run.volumes] },
    });
  }
  if (!isBrokerServer(service.broker) || !hasServiceAccounts(service.broker)) return;
  const broker = brokerFor(service, service.broker);
  const { user, passwordVariable } = broker.account;
  convergeJob(edit, {
    name: brokerAccountJob(service),
    image: brokerImage,
    user: 'rabbitmq',
    script: brokerAccountScript(brokerDefinitions(platform, service, isOrdered), broker.name),
    environment: { ACCOUNT: user, ACCOUNT_PASSWORD: secretReference(passwordVariable) },
    of: broker,
    network: BROKER_NETWORK,
    // The job signs in with the Erlang cookie, which is in the broker's volume.
    seeds: { volumes_from: [`${broker.name}:ro`] },
  });
}

/** The user that jobs run as, by the engine that they are for. */
const USERS = ['postgres', 'mysql', 'mongodb'] as const;

interface AccountJob {
  name: string;
  image: string;
  user: string;
  script: string;
  environment: Readonly<Record<string, string>>;
  /** The service that must be healthy before the job runs. */
  of: BackingService;
  network: string;
  /** Further keys of a new entry. */
  seeds: Readonly<Record<string, unknown>>;
}

function convergeJob(
  edit: ComposeEdit,
  { name, image, user, script, environment, of, network, seeds }: AccountJob,
): void {
  const at = ['services', name];
  // Compose fills in variables, unless the dollar sign is doubled.
  const command = ['sh', '-ec', script.replaceAll('$', '$$$$')];
  const needs = { [of.name]: { condition: 'service_healthy' } };
  const runsAs = edit.value([...at, 'user']);
  if (runsAs !== user && USERS.some((other) => other === runsAs)) {
    edit.remove(at, `${name} is for another engine`, 1);
  }
  if (!edit.has(at)) {
    const entry = {
      ...{ image, user, command, restart: 'no', ...SERVICE_HARDENING, ...seeds },
      ...{ environment, depends_on: needs, networks: [network] },
    };
    edit.seed(at, entry, `${name} is missing`);
    return;
  }
  edit.set([...at, 'image'], image);
  edit.put([...at, 'command'], command, `${name}: the command does not match the manifest`);
  edit.converge([...at, 'environment'], {
    wanted: environment,
    isStale: () => false,
    form: 'map',
    ownsValues: true,
    isSecret: (variable) => variable.endsWith('PASSWORD'),
    label: (variable) => `${name}: ${variable}`,
  });
  edit.converge([...at, 'depends_on'], {
    wanted: needs,
    isStale: () => false,
    form: 'map',
    ownsValues: false,
    label: (other) => `${name}: depends_on ${other}`,
  });
  convergeNetwork(edit, name, network);
}

/** Removes a job that sync wrote, which it recognises by the passwords in it. A person's entry of that name stays. */
function removeJob(edit: ComposeEdit, name: string, service: Service): void {
  const entry = edit.value(['services', name, 'environment']);
  const of = [datastoreName(service.name, 'database'), `${service.name}-${BROKER_NAME}`];
  if (entry === undefined || !of.some((one) => holdsPassword(JSON.stringify(entry), one))) return;
  edit.remove(['services', name], formatStale(name), 1);
}
