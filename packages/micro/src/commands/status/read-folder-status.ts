import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { clusterOf, runKubectl, type Cluster } from '../../effects/cluster';
import { renderForCluster } from '../../effects/cluster-rendering';
import { readClusterState } from '../../effects/cluster-state';
import { readAnyEnvironment } from '../../effects/environments';
import { compareRendered } from '../../effects/rendered-folder';
import { fileReader } from '../../effects/files';
import { folderOf, HEADER } from '../../kubernetes/folder';
import { driftOfFolder, notInFolder } from '../../kubernetes/folder-drift';
import { getGivenArguments, kustomizeArguments } from '../../kubernetes/kubectl';
import { identityOf, parseObjects, type LiveObject } from '../../kubernetes/live-object';
import { liveObjects, type LiveObjects } from '../../kubernetes/object-plan';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import type { ReadFile } from '../../platform/workspace';
import { UserError } from '../../platform/user-error';
import { readPinnedImages } from '../render/pinned-images';
import { readWorkspacePlatform, type Shell } from '../shell';
import { FOLDER_STATUS_VERSION, type FolderStatus } from './folder-document';

/**
 * Compares a folder for GitOps with the cluster, and with what would be rendered now. The folder is one that
 * `micro render` wrote, or a kustomization that has it as a resource.
 */
export async function readFolderStatus(
  shell: Shell,
  environmentName: string,
  folder: string,
): Promise<FolderStatus> {
  const { workspaceRoot, runner } = shell;
  const platform = readWorkspacePlatform(workspaceRoot);
  const environment = readAnyEnvironment(workspaceRoot, environmentName);
  if (environment.engine !== 'kubernetes') {
    throw new UserError(
      `--folder compares a rendered folder with a cluster: the engine of ${environment.file} is ${environment.engine}`,
    );
  }
  const { cluster, scope } = clusterOf(runner, platform.name, environment);
  const all = await readFolder(cluster, join(workspaceRoot, folder));
  const isHere = ({ metadata }: Declared) =>
    metadata.namespace === undefined || metadata.namespace === scope.namespace;
  const declared = all.filter(isHere);
  const { objects, live } = await readClusterState(cluster, scope);
  const rendering = await compareFiles(shell, platform, environment, folder);
  return {
    version: FOLDER_STATUS_VERSION,
    ...{ platform: platform.name, environment: environment.name },
    ...{ namespace: scope.namespace, folder },
    objects: driftOfFolder(declared, await withOthers(cluster, declared, live)).map(
      ({ drift, ...one }) => ({ ...one, drift: [...drift] }),
    ),
    left: notInFolder(declared, objects),
    files: rendering.files,
    notes: [
      ...rendering.notes,
      ...all
        .filter((object) => !isHere(object))
        .map((one) => `${identityOf(one)} was not compared: it is not in ${scope.namespace}`),
    ],
  };
}

type Declared = LiveObject & { metadata: { namespace?: string } };

async function readFolder(cluster: Cluster, folder: string): Promise<Declared[]> {
  const what = `Could not read ${folder}`;
  const { stdout } = await runKubectl(cluster, kustomizeArguments(folder), what);
  return parseAllDocuments(stdout, { version: '1.1' }).flatMap(
    (document) => (document.toJS() as Declared | null) ?? [],
  );
}

/** With objects of kinds that the platform has none of, which a person added to the folder. */
async function withOthers(
  cluster: Cluster,
  declared: readonly Declared[],
  live: LiveObjects,
): Promise<LiveObjects> {
  const others = declared.filter((object) => !live.has(identityOf(object)));
  if (others.length === 0) return live;
  const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: others });
  const what = 'Could not look for the objects of the folder';
  const { stdout } = await runKubectl(cluster, getGivenArguments, what, { stdin });
  return stdout.trim() === '' ? live : new Map([...live, ...liveObjects(parseObjects(stdout))]);
}

async function compareFiles(
  shell: Shell,
  platform: Platform,
  environment: KubernetesEnvironment,
  folder: string,
): Promise<Pick<FolderStatus, 'files' | 'notes'>> {
  try {
    const images = await readPinnedImages(shell.workspaceRoot, platform, environment);
    const files = folderOf(await renderForCluster(shell, platform, environment, images));
    const rendered = findRendered(fileReader(shell.workspaceRoot), folder);
    if (rendered === undefined) {
      const note = `${folder} was not compared with the workspace: it was not written by "micro render", and has no such folder as a resource`;
      return { files: [], notes: [note] };
    }
    const differing = await compareRendered(join(shell.workspaceRoot, rendered), files);
    return {
      files: STATES.flatMap((state) =>
        differing[state].map((path) => ({ path: join(rendered, path), state })),
      ),
      notes: [],
    };
  } catch (error) {
    // Such as images that were not pushed from here.
    if (!(error instanceof UserError)) throw error;
    return {
      files: [],
      notes: [`the folder was not compared with the workspace: ${error.message}`],
    };
  }
}

const STATES = ['changed', 'added', 'stale'] as const;

/** The folder that was rendered: this one, or one that it has as a resource. */
function findRendered(read: ReadFile, folder: string): string | undefined {
  const text = read(join(folder, 'kustomization.yaml'));
  if (text === undefined) return undefined;
  if (text.startsWith(HEADER)) return folder;
  const { resources } = (parse(text) ?? {}) as { resources?: unknown };
  const paths = Array.isArray(resources) ? resources.filter((one) => typeof one === 'string') : [];
  for (const path of paths) {
    const found = findRendered(read, join(folder, path));
    if (found !== undefined) return found;
  }
  return undefined;
}
