import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./collector-program.mjs', import.meta.url));

export const COLLECTOR_NAME = 'collector';
export const COLLECTOR_PORT = 4318;

/**
 * The objects of a pod that collects traces, for `kubectl apply`. It is no part of the platform.
 * @param image of Node, which the nodes can pull.
 */
export async function clusterCollector(image: string): Promise<object> {
  const name = COLLECTOR_NAME;
  const labels = { app: name };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
        data: { 'collector.mjs': await readFile(PROGRAM, 'utf8') },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
        spec: { selector: labels, ports: [{ port: COLLECTOR_PORT }] },
      },
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              automountServiceAccountToken: false,
              securityContext: {
                ...{ runAsNonRoot: true, runAsUser: 1000 },
                seccompProfile: { type: 'RuntimeDefault' },
              },
              containers: [
                {
                  ...{ name, image, command: ['node', '/program/collector.mjs'] },
                  readinessProbe: { tcpSocket: { port: COLLECTOR_PORT }, periodSeconds: 1 },
                  securityContext: {
                    allowPrivilegeEscalation: false,
                    capabilities: { drop: ['ALL'] },
                  },
                  volumeMounts: [{ name: 'program', mountPath: '/program' }],
                },
              ],
              volumes: [{ name: 'program', configMap: { name } }],
            },
          },
        },
      },
    ],
  };
}
