import type { DesiredState } from '../../../deployment/desired-state';
import { exclusiveResource } from '../../../deployment/exclusive-resource';
import { entryLabel } from '../../../deployment/fingerprint';
import { DEPLOY_LABELS } from '../../../deployment/labels';
import { portOfState } from '../../../deployment/listening-port';
import { secretsPart, withSecrets } from '../../../deployment/secrets';
import { portMappingsOf } from '../../../deployment/entry';
import { behindEdge, isOfService } from '../../../edge/publication';
import type { Environment } from '../../../platform/environment';

/**
 * A recorded release without the ports that now belong to the edge; unchanged if it had none.
 * @param today the port of its manifest.
 */
export function stateBehindEdge(
  state: DesiredState,
  today: number,
  environment: Pick<Environment, 'edge'>,
): DesiredState {
  const port = portOfState(state) ?? today;
  const { service, slice, exclusive: _held, ...rest } = state;
  const entry = slice.services[service] ?? {};
  if (!portMappingsOf(entry).some((mapping) => isOfService(mapping, port))) return state;
  const behind = behindEdge(entry, { port }, environment);
  const label = withSecrets(entryLabel(behind), secretsPart(state.entryLabel));
  const labels = { ...(entry['labels'] as object | undefined), [DEPLOY_LABELS.entry]: label };
  const exclusive = exclusiveResource(behind, state.replicas);
  return {
    ...rest,
    service,
    entryLabel: label,
    ...(exclusive === undefined ? {} : { exclusive }),
    slice: { ...slice, services: { ...slice.services, [service]: { ...behind, labels } } },
  };
}
