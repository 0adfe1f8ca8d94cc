import { existsSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { secretReason } from '../artifact/secret-files';
import { volumesIn, type ComposeConfig } from '../deployment/entry';
import type { MountedFile } from '../kubernetes/mounted-files';
import type { ObservabilityFolder } from '../kubernetes/observability-entries';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { OBSERVABILITY_COMPOSE_FILE } from '../platform/observability';
import { PlatformError, type Problem } from '../platform/problem';
import { UserError } from '../platform/user-error';
import { parseYaml, type YamlSource } from '../platform/yaml-source';
import { lineInEnvironment } from './environments';
import { fileReader, listFiles } from './files';

/** The names of the entries that observe the platform in an environment. */
export function observabilityParts(
  workspaceRoot: string,
  { observability }: Pick<KubernetesEnvironment, 'observability'>,
): string[] {
  return observability === 'in-cluster' ? partsOf(readSource(workspaceRoot)) : [];
}

/**
 * What observes the platform in an environment, with the files that its entries mount; `undefined` if nothing does.
 *
 * @param written the compose files with nothing filled in.
 * @throws {UserError} naming what is missing, and each mount that a cluster cannot have.
 */
export async function readObservability(
  workspaceRoot: string,
  environment: KubernetesEnvironment,
  written: ComposeConfig,
): Promise<ObservabilityFolder | undefined> {
  if (environment.observability !== 'in-cluster') return undefined;
  const source = readSource(workspaceRoot);
  const parts = partsOf(source);
  if (!source || parts.length === 0) {
    const line = lineInEnvironment(workspaceRoot, environment, ['observability']);
    throw new UserError(
      `${environment.file}:${line}: "observability" is in-cluster, but ${OBSERVABILITY_COMPOSE_FILE} is not there: run "nx g @org/micro:observability"`,
    );
  }
  const missing = parts.filter((name) => !written.services[name]);
  if (missing.length > 0) {
    throw new UserError(
      `compose.yaml does not include ${OBSERVABILITY_COMPOSE_FILE} (it has no ${missing.join(', ')}): run "nx sync"`,
    );
  }
  const files = new Map<string, readonly MountedFile[]>();
  const problems: Problem[] = [];
  for (const part of parts) {
    for (const { type, source: from = '' } of volumesIn(written.services[part]!)) {
      if (type !== 'bind' || files.has(from)) continue;
      const found = await readMount(workspaceRoot, from);
      if (typeof found !== 'string') files.set(from, found);
      else problems.push(problemOf(source, part, found));
    }
  }
  if (problems.length > 0) throw new PlatformError(problems);
  return { parts, files };
}

function readSource(workspaceRoot: string): YamlSource | undefined {
  const text = fileReader(workspaceRoot)(OBSERVABILITY_COMPOSE_FILE);
  if (text === undefined) return undefined;
  const { source, problems } = parseYaml(OBSERVABILITY_COMPOSE_FILE, text);
  if (!source) throw new PlatformError(problems);
  return source;
}

function partsOf(source: YamlSource | undefined): string[] {
  const { services } = (source?.value ?? {}) as { services?: Record<string, unknown> };
  return Object.keys(services ?? {}).sort();
}

/** What an object of a cluster holds at most, in bytes, with some room for its names. */
const MOST_BYTES = 1_000_000;

/** The files of a mount, or why a cluster cannot have them. */
async function readMount(workspaceRoot: string, from: string): Promise<MountedFile[] | string> {
  if (!existsSync(from)) return `it mounts ${from}, which is not there`;
  const real = realpathSync(from);
  const mounted = relative(realpathSync(workspaceRoot), real).split(sep).join('/');
  const folder = posix.dirname(OBSERVABILITY_COMPOSE_FILE);
  if (!mounted.startsWith(`${folder}/`)) {
    return `it mounts ${from}, which no node has: a cluster gets files of ${folder}/ only`;
  }
  const paths = statSync(real).isDirectory() ? await listFiles(real) : [''];
  const files: MountedFile[] = [];
  for (const path of paths) {
    const file = posix.join(mounted, path);
    const content = await readFile(join(real, path));
    const reason = secretReason(file, () => content.toString('latin1'));
    if (reason !== undefined) {
      return `${file} ${reason}, and everybody who may read the ConfigMaps of the namespace could read it: give it as a variable with \${…}, or rename the file if it contains no secret`;
    }
    files.push({ file, path, content });
  }
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  return bytes > MOST_BYTES
    ? `${mounted} has ${Math.ceil(bytes / 1000)} kB, and a ConfigMap takes ${MOST_BYTES / 1000} kB: mount its folders one by one, or make it smaller`
    : files;
}

function problemOf(source: YamlSource, part: string, found: string): Problem {
  const line = source.lineOf(['services', part, 'volumes']);
  return { file: source.file, line, message: `${part}: ${found}` };
}
