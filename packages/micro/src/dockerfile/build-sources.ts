import {
  DockerfileParser,
  type Copy,
  type Instruction,
  type ModifiableInstruction,
} from 'dockerfile-ast';
import { UserError } from '../platform/user-error';

/** What decides an image's content beside the Dockerfile's own text. */
export interface BuildSources {
  /** Images that are pulled in by FROM, COPY --from or a mount, as the Dockerfile names them. */
  images: string[];
  /** Named contexts that are read. */
  contexts: string[];
  /** Paths of the main build context that are read, as COPY and ADD name them. */
  paths: string[];
}

interface Stage {
  name?: string;
  base: string;
  instructions: Instruction[];
}

/** A Dockerfile that does not say how to build what was asked for. */
export class DockerfileError extends UserError {
  override readonly name = 'DockerfileError';
}

/**
 * Follows a Dockerfile from its target stage and collects what the build reads. Stages that nothing
 * leads to are not built, and a named context stands in for the stage of the same name.
 *
 * @throws {DockerfileError} where there is no FROM or no such target.
 */
export function findBuildSources(
  text: string,
  options: {
    target?: string;
    buildArgs?: Readonly<Record<string, string>>;
    contexts?: readonly string[];
  } = {},
): BuildSources {
  const { stages, variables } = readStages(text, options.buildArgs ?? {});
  const named = new Set(options.contexts ?? []);
  const images = new Set<string>();
  const contexts = new Set<string>();
  const paths = new Set<string>();
  const visited = new Set<Stage>();

  const follow = (reference: string, before: number) => {
    if (named.has(reference)) return void contexts.add(reference);
    const index = stageIndex(stages, reference, before);
    if (index !== undefined) return visit(index);
    if (reference !== 'scratch') images.add(reference);
  };
  const visit = (index: number): void => {
    const stage = stages[index]!;
    if (visited.has(stage)) return;
    visited.add(stage);
    follow(stage.base, index);
    for (const source of stage.instructions.flatMap((instruction) => sourcesOf(instruction))) {
      if (source.kind === 'path') paths.add(expand(source.path, variables));
      else follow(expand(source.from, variables), index);
    }
  };
  visit(targetIndex(stages, options.target));
  return { images: [...images].sort(), contexts: [...contexts].sort(), paths: [...paths].sort() };
}

/** The names of a Dockerfile's stages, in order. */
export function stageNames(text: string): string[] {
  return readStages(text, {}).stages.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

function readStages(text: string, buildArgs: Readonly<Record<string, string>>) {
  const file = DockerfileParser.parse(text);
  const variables: Record<string, string> = {};
  const stages: Stage[] = [];
  for (const instruction of file.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === 'ARG') {
      const [name = '', value] = splitOnce(instruction.getArguments()[0]?.getValue() ?? '', '=');
      const given =
        buildArgs[name] ?? (value === undefined ? undefined : expand(unquote(value), variables));
      if (given !== undefined) variables[name] = given;
    }
    if (keyword === 'FROM') {
      const [base = '', as, name] = instruction
        .getArguments()
        .map((argument) => argument.getValue())
        .filter((argument) => !argument.startsWith('--'));
      stages.push({
        base: expand(base, variables),
        ...(as?.toUpperCase() === 'AS' && name ? { name: name.toLowerCase() } : {}),
        instructions: [],
      });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  if (stages.length === 0) throw new DockerfileError('the Dockerfile has no FROM');
  return { stages, variables };
}

type Source = { kind: 'path'; path: string } | { kind: 'from'; from: string };

function sourcesOf(instruction: Instruction): Source[] {
  switch (instruction.getKeyword()) {
    case 'COPY':
    case 'ADD':
      return copySources(instruction as Copy);
    case 'RUN':
      return mountSources(instruction as ModifiableInstruction);
    default:
      return [];
  }
}

function copySources(instruction: Copy): Source[] {
  const from = flagValue(instruction, 'from');
  if (from !== undefined) return [{ kind: 'from', from }];
  const values = jsonStrings(instruction) ?? plainArguments(instruction);
  return values
    .slice(0, -1)
    .filter((path) => !path.startsWith('<<') && !/^(?:https?|git):|^git@/.test(path))
    .map((path) => ({ kind: 'path', path }));
}

function mountSources(instruction: ModifiableInstruction): Source[] {
  return instruction
    .getFlags()
    .filter((flag) => flag.getName() === 'mount')
    .flatMap((flag): Source[] => {
      const mount = new Map(
        (flag.getValue() ?? '').split(',').map((part) => {
          const [key = '', value = ''] = splitOnce(part, '=');
          return [key, value];
        }),
      );
      if ((mount.get('type') ?? 'bind') !== 'bind' && !mount.has('from')) return [];
      const from = mount.get('from');
      if (from !== undefined) return [{ kind: 'from', from }];
      return [{ kind: 'path', path: mount.get('source') ?? mount.get('src') ?? '.' }];
    });
}

function flagValue(instruction: ModifiableInstruction, name: string): string | undefined {
  const flag = instruction.getFlags().find((candidate) => candidate.getName() === name);
  return flag?.getValue() ?? undefined;
}

/** The exec form's strings; `undefined` for the shell form. */
function jsonStrings(instruction: Copy): string[] | undefined {
  if (instruction.getJSONStrings().length === 0) return undefined;
  const text = instruction.getRawArgumentsContent() ?? '';
  try {
    return JSON.parse(text.slice(text.indexOf('['))) as string[];
  } catch {
    // Docker takes what is no JSON for the shell form.
    return undefined;
  }
}

/** The arguments without the lines of here-documents, which the parser counts among them. */
function plainArguments(instruction: Copy): string[] {
  const content = instruction.getHeredocs()[0]?.getContentRange()?.start.line ?? Infinity;
  return instruction
    .getArguments()
    .filter((argument) => argument.getRange().start.line < content)
    .map((argument) => argument.getValue());
}

function targetIndex(stages: readonly Stage[], target: string | undefined): number {
  if (target === undefined) return stages.length - 1;
  const index = stageIndex(stages, target, stages.length);
  if (index === undefined) {
    const known = stages.flatMap(({ name }) => name ?? []).join(', ');
    throw new DockerfileError(
      `the Dockerfile has no stage "${target}"; it has ${known || 'none with a name'}`,
    );
  }
  return index;
}

/** The last stage of that name, or the stage of that number, before `before`. */
function stageIndex(
  stages: readonly Stage[],
  reference: string,
  before: number,
): number | undefined {
  for (let index = before - 1; index >= 0; index--) {
    if (stages[index]!.name === reference.toLowerCase()) return index;
  }
  return /^\d+$/.test(reference) && Number(reference) < before ? Number(reference) : undefined;
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`; what has no value stays as it is. */
function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (whole: string, plain?: string, braced?: string, operator?: string, word: string = '') => {
      const value = variables[plain ?? braced ?? ''];
      if (operator === '+') return value ? expand(word, variables) : '';
      return value || (operator === '-' ? expand(word, variables) : (value ?? whole));
    },
  );
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2');
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
