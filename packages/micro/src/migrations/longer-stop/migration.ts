import { getProjects, logger, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { ComposeEdit } from '../../compose/compose-edit';
import { readManifestFiles } from '../../platform/workspace';

/** What new entries said until 0.2; a handler may take longer. */
const FORMER = '15s';
const LONGER = '40s';

/**
 * Gives each service enough time to finish what it is doing: a handler of an event may take 30 s, and a stop 35 s. A
 * time that a person set stays as it is, and the output names the service.
 */
export function longerStop(tree: Tree): void {
  const locations = [...getProjects(tree)].map(([, { root, name }]) => ({
    root,
    name: name ?? '',
  }));
  const read = (path: string) => tree.read(path, 'utf8') ?? undefined;
  for (const { name, root } of readManifestFiles(locations, read)) {
    const path = posix.join(root, 'compose.yaml');
    const at = ['services', name, 'stop_grace_period'];
    const edit = new ComposeEdit(path, read(path), '');
    if (edit.value(at) !== FORMER) continue;
    edit.set(at, LONGER);
    tree.write(path, edit.toFile().text);
    logger.info(
      `${path}: ${name} has ${LONGER} to finish its work when it is stopped (stop_grace_period)`,
    );
  }
}
