import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import type { Service } from '../platform/platform';
import { metadataOf, type KubernetesObject, type Scope } from './object';

/**
 * How a service is reached: with a host in the environment, by Ingress or by a route of a Gateway; with Istio, by a route
 * for the other services too.
 */
export function publishedObjects(
  scope: Scope,
  environment: KubernetesEnvironment,
  service: Service,
): KubernetesObject[] {
  const { services, ingress, gateway, mesh } = environment;
  const { name, port } = service;
  if (mesh === 'istio') return istioRoute(scope, environment, service);
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

/** Nobody calls a worker. */
function istioRoute(
  scope: Scope,
  { services, gateway }: KubernetesEnvironment,
  { name, port, kind }: Service,
): KubernetesObject[] {
  if (kind === 'worker') return [];
  const { host: hosts = [] } = services[name] ?? {};
  const { name: parent, namespace = scope.namespace } = gateway ?? {};
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: metadataOf(scope, name, { component: 'service' }),
      spec: {
        hosts: [name, ...hosts],
        gateways: ['mesh', ...(hosts.length > 0 ? [`${namespace}/${parent}`] : [])],
        http: [{ route: [{ destination: { host: name, port: { number: port } } }] }],
      },
    },
  ];
}
