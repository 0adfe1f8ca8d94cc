import {
  BROKER_VARIABLE,
  DATASTORE_PURPOSES,
  datastoreVariable,
  isBrokerServer,
  type Broker,
} from '../platform/datastore';
import { elsewhere } from '../platform/environment';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import type { Platform } from '../platform/platform';
import { usesBroker } from './broker-entry';

/** What a service uses that does not run in the cluster, and that nobody said the address of. */
export interface MissingAddress {
  service: string;
  variable: string;
  why: string;
  /** What can be written instead. */
  or?: string;
}

function whereIs(broker: Broker): Pick<MissingAddress, 'why' | 'or'> {
  return isBrokerServer(broker)
    ? { why: 'its broker is external', or: '"broker: in-cluster" runs the one of compose.yaml' }
    : { why: 'its broker is SQS, which AWS runs' };
}

/** The addresses that an environment has to give: a datastore or a broker that is external. */
export function missingAddresses(
  { services }: Platform,
  environment: KubernetesEnvironment,
): MissingAddress[] {
  const isExternal = environment.datastores === 'external';
  return services
    .filter(({ name }) => elsewhere(environment, name) === undefined)
    .flatMap(({ name, datastores, broker }) => {
      const used = [
        ...DATASTORE_PURPOSES.filter((purpose) => isExternal && datastores[purpose]).map(
          (purpose) => ({
            variable: datastoreVariable(purpose),
            why: `it has a ${purpose}, and datastores are external`,
          }),
        ),
        ...(broker && !usesBroker(environment, { broker })
          ? [{ variable: BROKER_VARIABLE, ...whereIs(broker) }]
          : []),
      ];
      const { environment: variables = {}, secrets = {} } = environment.services[name] ?? {};
      return used
        .filter(({ variable }) => !(variable in variables) && !(variable in secrets))
        .map((one) => ({ service: name, ...one }));
    });
}
