import { isUtf8 } from 'node:buffer';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { Container, Volume } from './container';
import { metadataOf, type Scope } from './object';

/** A file of the workspace that Compose mounts into a container. */
export interface MountedFile {
  /** Relative to the workspace root. */
  file: string;
  /** Relative to the folder that is mounted; empty if the file itself is. */
  path: string;
  content: Buffer;
}

/** A folder or a file of the workspace, and where a container sees it. */
export interface FileMount {
  target: string;
  files: readonly MountedFile[];
}

/** What an entry mounts, as a cluster has it: nodes have no folder of the workspace. */
export interface MountedFiles {
  objects: IConfigMap[];
  volumes: Volume[];
  mounts: NonNullable<Container['volumeMounts']>;
}

/** A ConfigMap for each mount of an entry, which its container sees at the same path. */
export function mountedFiles(
  scope: Scope,
  entry: string,
  mounts: readonly FileMount[],
): MountedFiles {
  const all = mounts.map(({ target, files }, index) => {
    const [name, volume] = [`${entry}-files-${index}`, `files-${index}`];
    const keys = keysOf(files);
    const isFile = files[0]?.path === '';
    return {
      object: configMap(scope, { name, entry }, files, keys),
      volume: {
        name: volume,
        configMap: { name, items: files.map(({ path }, at) => ({ key: keys[at]!, path })) },
      },
      mount: {
        ...{ name: volume, mountPath: target, readOnly: true },
        ...(isFile ? { subPath: keys[0]! } : {}),
      },
      isFile,
    };
  });
  return {
    objects: all.map(({ object }) => object),
    volumes: all.map(({ volume, isFile }) =>
      isFile ? { name: volume.name, configMap: { name: volume.configMap.name } } : volume,
    ),
    mounts: all.map(({ mount }) => mount),
  };
}

function configMap(
  scope: Scope,
  { name, entry }: { name: string; entry: string },
  files: readonly MountedFile[],
  keys: readonly string[],
): IConfigMap {
  const named = files.map(({ content }, index) => [keys[index]!, content] as const);
  const texts = named.filter(([, content]) => isUtf8(content));
  const others = named.filter(([, content]) => !isUtf8(content));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadataOf(scope, name, { component: 'observability', of: entry }),
    data: Object.fromEntries(texts.map(([key, content]) => [key, content.toString()])),
    ...(others.length > 0
      ? {
          binaryData: Object.fromEntries(
            others.map(([key, content]) => [key, content.toString('base64')]),
          ),
        }
      : {}),
  };
}

/** A key has no slash: `datasources/a.yml` is `datasources..a.yml`. */
function keysOf(files: readonly MountedFile[]): string[] {
  const keys = files.map(({ path, file }) =>
    (path || file.split('/').at(-1)!).replaceAll('/', '..').replaceAll(/[^-._a-zA-Z0-9]/g, '_'),
  );
  return new Set(keys).size === keys.length ? keys : keys.map((_, index) => `file-${index}`);
}
