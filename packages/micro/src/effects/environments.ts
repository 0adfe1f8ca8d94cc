import {
  parseAnyEnvironment,
  parseEnvironment,
  type AnyEnvironment,
  type Environment,
} from '../platform/environment';
import { UserError } from '../platform/user-error';
import { didYouMean, parseYaml } from '../platform/yaml-source';
import { environmentFile } from '../platform/environment-file';
import { environmentNames } from './environment-names';
import { fileReader } from './files';
import { findServiceProjects } from './workspace-projects';

/**
 * Reads an environment. Its file may only name services of the workspace.
 *
 * @throws {UserError} if the environment does not exist, or its file is not valid.
 */
export function readEnvironment(workspaceRoot: string, name: string): Environment {
  return parseEnvironment(name, textOf(workspaceRoot, name), serviceNames(workspaceRoot));
}

/** The same for an environment of either engine. */
export function readAnyEnvironment(workspaceRoot: string, name: string): AnyEnvironment {
  return parseAnyEnvironment(name, textOf(workspaceRoot, name), serviceNames(workspaceRoot));
}

/**
 * The same without a check of service names. For tasks that only need the registry or the engine and that run once per
 * service: finding the services each time would be slow.
 */
export function readEnvironmentAlone(workspaceRoot: string, name: string): AnyEnvironment {
  return parseAnyEnvironment(name, textOf(workspaceRoot, name));
}

function serviceNames(workspaceRoot: string): string[] {
  const projects = findServiceProjects(workspaceRoot, fileReader(workspaceRoot));
  return projects.map(({ name }) => name);
}

/** @throws {UserError} if the environment does not exist. */
function textOf(workspaceRoot: string, name: string): string {
  const text = fileReader(workspaceRoot)(environmentFile(name));
  if (text === undefined) {
    throw new UserError(
      `there is no environment "${name}" (${environmentFile(name)})${didYouMean(name, environmentNames(workspaceRoot))}`,
    );
  }
  return text;
}

/** The 1-based line of the value at a path of an environment, or of its nearest existing parent. */
export function lineInEnvironment(
  workspaceRoot: string,
  { file }: Pick<Environment, 'file'>,
  path: readonly string[],
): number {
  const { source } = parseYaml(file, fileReader(workspaceRoot)(file) ?? '');
  return source?.lineOf(path) ?? 1;
}
