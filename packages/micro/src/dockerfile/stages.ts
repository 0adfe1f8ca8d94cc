import { DockerfileParser, type Instruction, type PropertyInstruction } from 'dockerfile-ast';
import { UserError } from '../platform/user-error';
import { expandWord, type Expanded } from './expand-word';

/** A Dockerfile that does not say how to build what was asked for. */
export class DockerfileError extends UserError {
  override readonly name = 'DockerfileError';
}

/** Values that a build has from outside of the Dockerfile. */
export interface GivenArguments {
  buildArgs?: Readonly<Record<string, string>>;
  /** What BuildKit adds by itself, such as TARGETARCH. */
  predefined?: Readonly<Record<string, string>>;
}

/** Variables at one place of a Dockerfile. */
export interface Scope {
  values: ReadonlyMap<string, string>;
  /** Whether a base image may set variables that are unknown here. */
  isOpen: boolean;
}

export interface Stage {
  name?: string;
  /** 1-based line of its FROM. */
  line: number;
  /** What FROM names, as written and filled in. */
  written: string;
  base: Expanded;
  platform?: string;
  instructions: Instruction[];
}

export interface Dockerfile {
  stages: Stage[];
  /** `# syntax=`: the image that reads the file. */
  syntax?: string;
  escape: string;
  /** Variables before the first FROM, which a stage gets by `ARG NAME`. */
  global: ReadonlyMap<string, string>;
}

/** @throws {DockerfileError} if there is no FROM. */
export function readStages(text: string, given: GivenArguments = {}): Dockerfile {
  const file = DockerfileParser.parse(text);
  const escape = file.getEscapeCharacter();
  const global = new Map(Object.entries({ ...given.predefined }));
  for (const [name, value] of Object.entries(given.buildArgs ?? {})) {
    // As BuildKit has it: these count in FROM even without an ARG.
    if (global.has(name)) global.set(name, value);
  }
  const stages: Stage[] = [];
  for (const instruction of file.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === 'FROM') {
      stages.push(
        readStage(instruction, (word) => expandWord(word, (name) => global.get(name), escape)),
      );
    } else if (stages.length > 0) {
      stages.at(-1)!.instructions.push(instruction);
    } else if (keyword === 'ARG') {
      declareArguments(instruction, given, global, new Map(), escape);
    }
  }
  if (stages.length === 0) throw new DockerfileError('the Dockerfile has no FROM');
  const syntax =
    given.buildArgs?.['BUILDKIT_SYNTAX'] ??
    file
      .getDirectives()
      .find((directive) => directive.getName().toLowerCase() === 'syntax')
      ?.getValue();
  return { stages, escape, global, ...(syntax ? { syntax } : {}) };
}

function readStage(from: Instruction, expand: (word: string) => Expanded): Stage {
  const words = from.getArguments().map((argument) => argument.getValue());
  const [written = '', as, name] = words.filter((word) => !word.startsWith('--'));
  const platform = flagValue(from, 'platform');
  return {
    line: from.getRange().start.line + 1,
    written,
    base: expand(written),
    ...(platform ? { platform: expand(platform).text } : {}),
    ...(as?.toUpperCase() === 'AS' && name ? { name: name.toLowerCase() } : {}),
    instructions: [],
  };
}

/**
 * Follows ARG and ENV through a stage.
 * @param from the variables of the stage or image that it begins with.
 * @param each gets every other instruction with the variables at its place.
 * @returns the variables at its end.
 */
export function walkStage(
  stage: Stage,
  { escape, global }: Dockerfile,
  given: GivenArguments,
  from: Scope,
  each: (instruction: Instruction, scope: Scope) => void,
): Scope {
  const values = new Map(from.values);
  const scope: Scope = { values, isOpen: from.isOpen };
  for (const instruction of stage.instructions) {
    switch (instruction.getKeyword()) {
      case 'ARG':
        declareArguments(instruction, given, values, global, escape);
        break;
      case 'ENV': {
        // All of one ENV see the variables before it.
        const before = new Map(values);
        for (const [name, value = ''] of properties(instruction)) {
          values.set(name, expandWord(value, (one) => before.get(one), escape).text);
        }
        break;
      }
      default:
        each(instruction, scope);
    }
  }
  return scope;
}

/** @param outer the scope for the value of an argument without default, if none was given. */
function declareArguments(
  instruction: Instruction,
  { buildArgs = {} }: GivenArguments,
  values: Map<string, string>,
  outer: ReadonlyMap<string, string>,
  escape: string,
): void {
  for (const [name, written] of properties(instruction)) {
    const value =
      buildArgs[name] ??
      (written === undefined
        ? outer.get(name)
        : expandWord(written, (one) => values.get(one), escape).text);
    if (value !== undefined) values.set(name, value);
  }
}

/** The names of an ARG or ENV with what is written behind each. */
function properties(instruction: Instruction): [string, string | undefined][] {
  return (instruction as PropertyInstruction)
    .getProperties()
    .map((property) => [property.getName(), property.getUnescapedValue() ?? undefined]);
}

export function flagValue(instruction: Instruction, name: string): string | undefined {
  if (!('getFlags' in instruction)) return undefined;
  const { getFlags } = instruction as Instruction & {
    getFlags(): { getName(): string; getValue(): string | null }[];
  };
  const flag = getFlags.call(instruction).find((candidate) => candidate.getName() === name);
  return flag?.getValue() ?? undefined;
}
