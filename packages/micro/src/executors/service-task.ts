import type { ExecutorContext } from '@nx/devkit';
import { styleText } from 'node:util';
import { fileReader } from '../effects/files';
import { processRunner, type Runner } from '../effects/process';
import { MANIFEST_FILE, parseManifest } from '../platform/manifest';
import type { Service } from '../platform/platform';
import { PlatformError } from '../platform/problem';
import { UserError } from '../platform/user-error';
import { readPlatformName } from '../platform/workspace';

/** What every task of one service starts from. */
export interface ServiceTask {
  workspaceRoot: string;
  platformName: string;
  service: Service;
  runner: Runner;
  /** Prints one line of the task's story. */
  say: (line: string) => void;
}

/**
 * Runs one task of a service: the one place where errors become output. What a person can mend is
 * shown as its message; anything else keeps its stack.
 */
export async function runServiceTask(
  context: ExecutorContext,
  work: (task: ServiceTask) => Promise<void>,
): Promise<{ success: boolean }> {
  try {
    await work(readServiceTask(context));
    return { success: true };
  } catch (error) {
    console.error(
      error instanceof UserError
        ? `${styleText('red', 'error')}  ${error.message}`
        : (error as Error).stack,
    );
    return { success: false };
  }
}

function readServiceTask({
  root,
  projectName,
  projectsConfigurations,
}: ExecutorContext): ServiceTask {
  const project = projectName && projectsConfigurations.projects[projectName];
  if (!project) throw new UserError('this executor runs for a project: nx run <project>:<target>');
  const read = fileReader(root);
  const file = `${project.root}/${MANIFEST_FILE}`;
  const text = read(file);
  if (text === undefined) {
    throw new UserError(
      `${project.root} has no ${MANIFEST_FILE}: "${projectName}" is not a service. Add one with "nx g @org/micro:service ${projectName}"`,
    );
  }
  const { read: manifest, problems } = parseManifest(file, text);
  if (!manifest) throw new PlatformError(problems);
  return {
    workspaceRoot: root,
    platformName: readPlatformName(read),
    service: { ...manifest.manifest, name: projectName, root: project.root },
    runner: processRunner(root),
    say: (line) => console.log(line),
  };
}
