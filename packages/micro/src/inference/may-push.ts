import type { CreateNodesContext } from '@nx/devkit';
import { fileReader } from '../effects/file-reader';
import { environmentFile } from '../platform/environment-file';
import { PROJECT_FILES } from './platform-project';

/**
 * Whether a deploy of a service has to run its `docker-push` first. Nx cannot choose tasks by environment, so the answer
 * is yes for all as soon as one environment names a registry, or the workspace configures the target: it may have let
 * the target depend on others, such as `docker-scan`.
 *
 * Words are looked for, because a broken file must not break the graph, and a parser would take longer than all the
 * rest. A word too many costs only time.
 *
 * @param target the name of `docker-push`.
 */
export function mayPush(
  { workspaceRoot, nxJsonConfiguration }: CreateNodesContext,
  environments: readonly string[],
  target: string,
): (projectRoot: string) => boolean {
  const read = fileReader(workspaceRoot);
  const defaults = JSON.stringify(nxJsonConfiguration.targetDefaults ?? {});
  const isForAll =
    environments.some((name) => namesRegistry(read(environmentFile(name)) ?? '')) ||
    // Defaults may be given by the name of the executor, too.
    [target, 'docker-push'].some((name) => defaults.includes(name));
  return (root) =>
    isForAll || PROJECT_FILES.some((file) => read(`${root}/${file}`)?.includes(`"${target}"`));
}

/** Whether a line of an environment that is not a comment may be its registry. */
function namesRegistry(text: string): boolean {
  return text.split('\n').some((line) => !/^\s*#/.test(line) && line.includes('registry'));
}
