import { DockerfileParser, type Env, type Instruction } from 'dockerfile-ast';
import { posix } from 'node:path';
import { formatDrift, type DerivedFile } from '../platform/derived-file';
import type { Service } from '../platform/platform';

/** `apps/orders/Dockerfile` */
export function dockerfileOf({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'Dockerfile');
}

interface Replacement {
  /** Zero-based line, and the columns on it. */
  line: number;
  start: number;
  end: number;
  what: string;
  is: string;
}

/**
 * Updates `ENV PORT=` and `EXPOSE` of a person's Dockerfile to the manifest's port. Values that are not plain numbers,
 * further ports and files that name no port are left alone.
 */
export function derivePort(path: string, current: string, port: number): DerivedFile {
  const instructions = DockerfileParser.parse(current).getInstructions();
  const environment = instructions.flatMap(findPortVariables);
  const served = new Set([String(port), ...environment.map(({ is }) => is)]);
  const exposed = instructions.flatMap((instruction) => findExposed(instruction, served));
  const drifted = [...environment, ...exposed].filter(({ is }) => is !== String(port));
  return {
    path,
    text: replace(current, drifted, String(port)),
    drift: drifted.map(({ what, is }) => formatDrift(what, is, String(port))),
  };
}

/** The port that a Dockerfile says the app listens on, if it is one: `ENV PORT=`, else `EXPOSE`. */
export function exposedPort(text: string): number | undefined {
  const instructions = DockerfileParser.parse(text).getInstructions();
  const variables = instructions.flatMap(findPortVariables);
  const exposed = instructions.flatMap((instruction) => findExposed(instruction, new Set()));
  const ports = new Set((variables.length > 0 ? variables : exposed).map(({ is }) => Number(is)));
  return ports.size === 1 ? [...ports][0] : undefined;
}

function findPortVariables(instruction: Instruction): Replacement[] {
  if (instruction.getKeyword() !== 'ENV') return [];
  return (instruction as Env).getProperties().flatMap((property) => {
    const is = property.getValue() ?? '';
    const range = property.getValueRange();
    if (property.getName() !== 'PORT' || !range || !/^\d+$/.test(is)) return [];
    return [replacement('ENV PORT', is, range)];
  });
}

/** The exposed port that the service listens on; if there is only one port, that one. */
function findExposed(instruction: Instruction, served: ReadonlySet<string>): Replacement[] {
  if (instruction.getKeyword() !== 'EXPOSE') return [];
  const ports = instruction.getArguments().flatMap((argument) => {
    const is = /^(\d+)(?:\/tcp)?$/.exec(argument.getValue())?.[1];
    return is === undefined ? [] : [replacement('EXPOSE', is, argument.getRange())];
  });
  return instruction.getArguments().length === 1 ? ports : ports.filter(({ is }) => served.has(is));
}

type Range = ReturnType<Instruction['getRange']>;

/** A quoted value's range holds its quotes, and `3001/tcp` its protocol: both stay. */
function replacement(what: string, is: string, { start, end }: Range): Replacement {
  return { what, is, line: start.line, start: start.character, end: end.character };
}

function replace(text: string, replacements: readonly Replacement[], port: string): string {
  if (replacements.length === 0) return text;
  const lines = text.split('\n');
  // From the right, so that no column moves that is still to come.
  for (const { line, start, end, is } of [...replacements].sort((a, b) => b.start - a.start)) {
    const source = lines[line]!;
    lines[line] =
      source.slice(0, start) + source.slice(start, end).replace(is, port) + source.slice(end);
  }
  return lines.join('\n');
}
