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

/** What a service uses that the cluster does not run, and that nobody said the address of. */
export interface MissingAddress {
  service: string;
  variable: string;
  why: string;
}

function whereIs(broker: Broker): string {
  return isBrokerServer(broker)
    ? 'the broker is not run in a cluster yet'
    : 'its broker is SQS, which AWS runs';
}

/** The addresses that an environment has to give: a datastore that is external, and the broker. */
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
        ...(broker ? [{ variable: BROKER_VARIABLE, why: whereIs(broker) }] : []),
      ];
      const { environment: variables = {}, secrets = {} } = environment.services[name] ?? {};
      return used
        .filter(({ variable }) => !(variable in variables) && !(variable in secrets))
        .map((one) => ({ service: name, ...one }));
    });
}
