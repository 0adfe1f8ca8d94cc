import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { metadataOf, selectorOf, type Scope } from './object';

type Peer = NonNullable<
  NonNullable<NonNullable<INetworkPolicy['spec']>['ingress']>[number]['from']
>[number];

/** Who may reach the pods of an entry, and at which ports; nobody else may. */
export interface Reach {
  name: string;
  rules: readonly { callers: readonly string[]; ports: readonly number[] }[];
  /** The port that everybody may reach: a gateway's. */
  publicPort?: number;
}

/** Nothing reaches a pod of the platform unless another policy says so. */
export function nothingElse(scope: Scope): INetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadataOf(scope, `${scope.platform}-nothing-else`),
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/part-of': scope.platform } },
      policyTypes: ['Ingress'],
      // Declared, so that a rule that somebody adds is found.
      ingress: [],
    },
  };
}

export function policyOf(scope: Scope, { name, rules, publicPort }: Reach): INetworkPolicy {
  const peer = (caller: string): Peer => ({
    podSelector: { matchLabels: selectorOf(scope, caller) },
  });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadataOf(scope, name),
    spec: {
      podSelector: { matchLabels: selectorOf(scope, name) },
      policyTypes: ['Ingress'],
      ingress: [
        ...rules
          .filter(({ callers }) => callers.length > 0)
          .map(({ callers, ports }) => ({
            from: callers.map(peer),
            ports: ports.map((port) => ({ port })),
          })),
        // No peer would do: the proxies of an ingress may be pods, nodes, or a load balancer outside of the cluster.
        ...(publicPort === undefined ? [] : [{ ports: [{ port: publicPort }] }]),
      ],
    },
  };
}
