import { backingHardening } from '../compose/hardening';
import { EDGE_NETWORK } from '../compose/paths';
import type { WantedEdge } from '../deployment/edge-plan';
import type { ComposeConfig } from '../deployment/entry';
import { entryLabel } from '../deployment/fingerprint';
import { DEPLOY_LABELS } from '../deployment/labels';
import { EDGE_CAPABILITIES, edgeSlice } from '../edge/edge-entry';
import { edgeContent } from '../edge/edge-content';
import type { KeyPair } from '../edge/key-pair';
import { listenersFor } from '../edge/listener';
import type { Publication } from '../edge/publication';
import { DEFAULT_EDGE, EDGE_SERVICE } from '../platform/edge-options';
import type { Environment } from '../platform/environment';

/** The input of the edge, except what it publishes. */
export interface EdgeSource {
  environment: Environment;
  /** The whole project, as it is deployed. */
  config: ComposeConfig;
  keyPairs: ReadonlyMap<string, KeyPair>;
  /** The root certificate of a private ACME authority, PEM. */
  acmeRoot?: string;
}

/** The desired edge for these publications; `undefined` if there are none. */
export function wantedEdge(
  { environment, config, keyPairs, acmeRoot }: EdgeSource,
  publications: readonly Publication[],
): WantedEdge | undefined {
  if (publications.length === 0) return undefined;
  const options = environment.edge || DEFAULT_EDGE;
  const listeners = listenersFor(publications);
  const content = edgeContent({ listeners, options, keyPairs }, acmeRoot);
  const parts = {
    listeners,
    options,
    networks: networksOf(config, publications),
    project: config,
    hardening: backingHardening(EDGE_CAPABILITIES),
  };
  const label = entryLabel(edgeSlice({ ...parts, labels: {} }).services[EDGE_SERVICE]);
  return {
    image: options.image,
    entryLabel: label,
    ...content,
    slice: edgeSlice({ ...parts, labels: { [DEPLOY_LABELS.entry]: label } }),
    publications,
  };
}

/** For each published service, one network in which the edge can reach it; the same for all of them if possible. */
function networksOf({ services, networks }: ComposeConfig, publications: readonly Publication[]) {
  const isInternal = (name: string) =>
    (networks?.[name] as { internal?: boolean } | null | undefined)?.internal === true;
  const found = publications.flatMap(({ service }) => {
    const own = Object.keys(services[service]?.['networks'] ?? {});
    const open = own.filter((name) => !isInternal(name)).sort();
    return open.includes(EDGE_NETWORK) ? EDGE_NETWORK : (open[0] ?? own[0] ?? []);
  });
  return [...new Set(found)].sort();
}
