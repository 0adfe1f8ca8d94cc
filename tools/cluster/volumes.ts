import { stringify } from 'yaml';

/** Folders of a node that start-node makes. Each volume is used once, as long as the cluster lives. */
const VOLUMES = 8;

/** The default storage class of the cluster, with volumes that are folders of its nodes. */
export function localVolumes(nodes: readonly string[]): string {
  const storageClassName = 'local';
  const storage = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: storageClassName,
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
  const volumes = nodes.flatMap((node) =>
    Array.from({ length: VOLUMES }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `${node}-${index + 1}` },
      spec: {
        capacity: { storage: '8Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName,
        local: { path: `/var/lib/volumes/${index + 1}` },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'kubernetes.io/hostname', operator: 'In', values: [node] },
                ],
              },
            ],
          },
        },
      },
    })),
  );
  return [storage, ...volumes].map((object) => stringify(object)).join('---\n');
}
