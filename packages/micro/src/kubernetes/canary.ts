import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IService } from 'kubernetes-models/v1/Service';
import type { LiveObject } from './live-object';
import { canaryName } from '../platform/canary';
import { KEY_ANNOTATION, type KubernetesObject } from './object';

/** On each object of a canary and its pods: the service that it is of. */
const CANARY_LABEL = 'org.micro/canary';
const NAME_LABEL = 'app.kubernetes.io/name';

/** The service whose canary an object is part of. */
export function canaryOf({ metadata }: Pick<LiveObject, 'metadata'>): string | undefined {
  return metadata.labels?.[CANARY_LABEL];
}

export interface CanaryInput {
  service: string;
  /** The objects of the new version of the service. */
  objects: readonly KubernetesObject[];
  /** Every policy of the platform: those that let the service in have to let its canary in. */
  policies: readonly INetworkPolicy[];
  replicas: number;
}

/**
 * What a canary is made of, but for its share of the requests, which {@link routedToCanary} gives: a second Deployment of the
 * service with a Service of its own. Its pods have another name label, so that the Service of the service does not find
 * them.
 */
export function canaryObjects(input: CanaryInput): KubernetesObject[] {
  const { service, objects, policies } = input;
  return [
    ...policies.flatMap((policy) => callsOf(service, policy)),
    ...objects.flatMap((object): KubernetesObject[] => {
      const metadata = renamed(object, service, canaryName(service));
      if (isKind<INetworkPolicy>(object, 'NetworkPolicy')) {
        const podSelector = selecting(service, object.spec?.podSelector);
        return [{ ...object, metadata, spec: { ...object.spec!, podSelector } }];
      }
      // Calls of gRPC, which have a Service of their own, go to the version that serves.
      if (isKind<IService>(object, 'Service') && object.metadata?.name === service) {
        const selector = labelled(service, object.spec?.selector);
        return [{ ...object, metadata, spec: { ...object.spec, selector } }];
      }
      return isKind<IDeployment>(object, 'Deployment')
        ? [{ ...object, metadata, spec: deploymentSpec(input, object) }]
        : [];
    }),
  ];
}

function deploymentSpec({ service, replicas }: CanaryInput, { spec }: IDeployment) {
  const { template, selector, ...rest } = spec!;
  const labels = { ...labelled(service, template.metadata?.labels), [CANARY_LABEL]: service };
  const spread = template.spec?.topologySpreadConstraints?.map((one) => ({
    ...one,
    labelSelector: selecting(service, one.labelSelector),
  }));
  return {
    ...rest,
    replicas,
    selector: selecting(service, selector),
    template: {
      ...template,
      metadata: { ...template.metadata, labels },
      spec: {
        ...template.spec!,
        ...(spread === undefined ? {} : { topologySpreadConstraints: spread }),
      },
    },
  };
}

/** A policy beside one that lets a service in: for its canary. Policies add up. */
function callsOf(service: string, policy: INetworkPolicy): INetworkPolicy[] {
  const ingress = (policy.spec?.ingress ?? []).flatMap(({ from = [], ...rule }) => {
    const peer = from.find(({ podSelector }) => podSelector?.matchLabels?.[NAME_LABEL] === service);
    const podSelector = selecting(service, peer?.podSelector);
    return peer ? [{ ...rule, from: [{ ...peer, podSelector }] }] : [];
  });
  if (ingress.length === 0) return [];
  const name = `${canaryName(service)}-to-${policy.metadata?.name}`;
  const { podSelector, policyTypes } = policy.spec!;
  return [
    {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
      metadata: renamed(policy, service, name),
      spec: { podSelector, ...(policyTypes ? { policyTypes } : {}), ingress },
    },
  ];
}

/** Without the notes of the object that it was made from. */
function renamed({ metadata }: KubernetesObject, service: string, name: string) {
  const { namespace, labels } = metadata!;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: {
      ...labelled(service, labels),
      'app.kubernetes.io/component': 'canary',
      [CANARY_LABEL]: service,
    },
    ...keyOf(metadata),
  };
}

function keyOf(metadata: KubernetesObject['metadata']) {
  const key = metadata?.annotations?.[KEY_ANNOTATION];
  return key === undefined ? {} : { annotations: { [KEY_ANNOTATION]: key } };
}

function labelled(service: string, labels: Readonly<Record<string, string>> | undefined) {
  return { ...labels, [NAME_LABEL]: canaryName(service) };
}

function selecting<Selector extends { matchLabels?: Record<string, string> }>(
  service: string,
  selector: Selector | undefined,
) {
  return { ...selector, matchLabels: labelled(service, selector?.matchLabels) };
}

function isKind<Kind extends KubernetesObject>(
  object: KubernetesObject,
  kind: Kind['kind'],
): object is Kind {
  return object.kind === kind;
}
