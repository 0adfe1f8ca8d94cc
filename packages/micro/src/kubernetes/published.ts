import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import type { Service } from '../platform/platform';
import { metadataOf, type KubernetesObject, type Scope } from './object';

/** How people reach a service that has a host in the environment: by Ingress or by a route of a Gateway. */
export function publishedObjects(
  scope: Scope,
  { services, ingress, gateway }: KubernetesEnvironment,
  { name, port }: Service,
): KubernetesObject[] {
  const { host: hosts, tlsSecret } = services[name] ?? {};
  if (!hosts) return [];
  const metadata = metadataOf(scope, name, { component: 'service' });
  if (gateway) {
    const { name: parent, namespace, listener } = gateway;
    return [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata,
        spec: {
          parentRefs: [
            {
              name: parent,
              ...(namespace === undefined ? {} : { namespace }),
              ...(listener === undefined ? {} : { sectionName: listener }),
            },
          ],
          hostnames: hosts,
          rules: [{ backendRefs: [{ name, port }] }],
        },
      },
    ];
  }
  const { class: className, annotations = {} } = ingress ?? {};
  const backend = { service: { name, port: { name: 'http' } } };
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { ...metadata, annotations },
      spec: {
        ...(className === undefined ? {} : { ingressClassName: className }),
        ...(tlsSecret === undefined ? {} : { tls: [{ hosts, secretName: tlsSecret }] }),
        rules: hosts.map((host) => ({
          host,
          http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
        })),
      },
    },
  ];
}
