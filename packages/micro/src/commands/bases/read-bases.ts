import { EngineError } from '../../docker/engine-error';
import { DockerfileError } from '../../dockerfile/stages';
import { findBuildSources } from '../../dockerfile/build-sources';
import { inspectRemoteImage } from '../../effects/engine';
import { fileReader } from '../../effects/files';
import type { Runner } from '../../effects/process';
import { findServiceProjects } from '../../effects/workspace-projects';
import { parseImageReference } from '../../platform/image-reference';
import { PlatformError, type Problem } from '../../platform/problem';
import { reportBase, tagName, type Base, type NamedBase, type RegistryAnswer } from './report';

/** The Dockerfile of a service. */
export interface ServiceDockerfile {
  service: string;
  file: string;
  text: string;
  /** Images that it is built on. */
  bases: readonly string[];
}

/** @throws {PlatformError} with all Dockerfiles that cannot be read. */
export function readDockerfiles(workspaceRoot: string): ServiceDockerfile[] {
  const read = fileReader(workspaceRoot);
  const problems: Problem[] = [];
  const files = findServiceProjects(workspaceRoot, read).flatMap(({ name, root }) => {
    const file = `${root}/Dockerfile`;
    const text = read(file);
    if (text === undefined) return [];
    const found = basesOf(file, text);
    problems.push(...found.problems);
    return [{ service: name, file, text, bases: found.names }];
  });
  if (problems.length > 0) throw new PlatformError(problems);
  return files;
}

function basesOf(file: string, text: string): { names: string[]; problems: Problem[] } {
  try {
    const { images } = findBuildSources(text);
    const invalid = images.filter(({ name }) => !isReference(name));
    return {
      names: images.map(({ name }) => name),
      problems: invalid.map(({ written, line }) => ({
        file,
        line,
        message: `the base image "${written}" is no image: give its variables a default`,
      })),
    };
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    return { names: [], problems: [{ file, message: error.message }] };
  }
}

function isReference(name: string): boolean {
  try {
    return Boolean(parseImageReference(name));
  } catch {
    return false;
  }
}

/** Each base image once, with what the registry says of it. */
export async function readBases(
  runner: Runner,
  dockerfiles: readonly ServiceDockerfile[],
): Promise<Base[]> {
  const services = new Map<string, string[]>();
  for (const { service, bases } of dockerfiles) {
    for (const name of new Set(bases)) services.set(name, [...(services.get(name) ?? []), service]);
  }
  const named = [...services].map(([name, its]): NamedBase => ({ name, services: its }));
  named.sort((a, b) => a.name.localeCompare(b.name));
  return Promise.all(
    named.map(async (base) => {
      const tag = tagName(base.name);
      const isPinned = parseImageReference(base.name).digest !== undefined;
      const [byTag, byDigest] = await Promise.all([
        tag === undefined ? undefined : ask(runner, tag),
        isPinned ? ask(runner, base.name) : undefined,
      ]);
      return reportBase(base, byTag, byDigest);
    }),
  );
}

async function ask(runner: Runner, reference: string): Promise<RegistryAnswer> {
  try {
    const image = await inspectRemoteImage(runner, reference);
    if (!image) return { kind: 'missing' };
    const { digest, created } = image;
    return { kind: 'there', digest, ...(created === undefined ? {} : { created }) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { kind: 'unknown', reason: error.message.split('\n')[0]! };
  }
}
