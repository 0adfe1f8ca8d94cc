import { stringify } from 'yaml';
import type { KubernetesObject } from './object';
import type { RenderedPlatform } from './render';

/** A file of a rendered folder, its path relative to that. */
export interface RenderedFile {
  path: string;
  text: string;
}

/** The first line of each file that is rendered. */
export const HEADER =
  '# Written by `micro render`; changes are overwritten. Patch it from another kustomization.\n';
const SHARED = 'platform.yaml';

/** The objects as a folder for `kubectl apply -k`: a file per entry, and a kustomization that lists them. */
export function folderOf({ scope, shared, entries }: RenderedPlatform): RenderedFile[] {
  const files = [
    { path: SHARED, objects: shared },
    ...entries.map(({ name, objects }) => ({ path: `${name}.yaml`, objects })),
  ];
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: scope.namespace,
    resources: files.map(({ path }) => path),
  };
  return [
    { path: 'kustomization.yaml', text: HEADER + stringify(kustomization) },
    ...files.map(({ path, objects }) => ({ path, text: HEADER + documentsOf(objects) })),
  ];
}

function documentsOf(objects: readonly KubernetesObject[]): string {
  // Kubernetes reads YAML 1.1, in which a plain `off` is false.
  const options = { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 } as const;
  return objects.map((object) => stringify(object, options)).join('---\n');
}
