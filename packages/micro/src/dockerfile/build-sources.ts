import type { Copy, Instruction, ModifiableInstruction } from 'dockerfile-ast';
import { expandWord } from './expand-word';
import { remoteSource, type RemoteSource } from './remote-source';
import {
  DockerfileError,
  flagValue,
  readStages,
  walkStage,
  type Dockerfile,
  type GivenArguments,
  type Scope,
  type Stage,
} from './stages';

/** What decides an image's content beside the Dockerfile's own text. */
export interface BuildSources {
  /** Images that are pulled in by FROM, COPY --from or a mount. */
  images: SourceImage[];
  /** Named contexts that are read. */
  contexts: string[];
  /** Paths of the main build context that are read, as COPY and ADD name them. */
  paths: string[];
  /** Addresses that ADD reads. */
  remotes: RemoteSource[];
  /** The image that reads the Dockerfile, by `# syntax=`. */
  syntax?: string;
}

export interface SourceImage {
  /** With its variables filled in. */
  name: string;
  /** As the Dockerfile has it. */
  written: string;
  /** Variables in it without a value. */
  missing: readonly string[];
  /** What `FROM --platform` says; absent for the platform that is built. */
  platform?: string;
  /** 1-based line of the Dockerfile. */
  line: number;
}

/**
 * Follows a Dockerfile from its target stage and collects what the build reads. Stages that are not needed are skipped,
 * and a named context replaces the stage of the same name.
 *
 * @throws {DockerfileError} if there is no FROM, or the target does not exist.
 */
export function findBuildSources(
  text: string,
  options: GivenArguments & { target?: string; contexts?: readonly string[] } = {},
): BuildSources {
  const file = readStages(text, options);
  const { stages, syntax } = file;
  const named = new Set(options.contexts ?? []);
  const images = new Map<string, SourceImage>();
  const contexts = new Set<string>();
  const paths = new Set<string>();
  const remotes = new Map<string, RemoteSource>();
  const ends = new Map<Stage, Scope>();

  /** @returns the variables that a stage has if it begins with what is named. */
  const follow = (image: SourceImage, before: number): Scope => {
    if (named.has(image.name)) {
      contexts.add(image.name);
      return OPEN;
    }
    const index = stageIndex(stages, image.name, before);
    if (index !== undefined) return visit(index);
    if (image.name === 'scratch') return EMPTY;
    const key = `${image.name} ${image.platform ?? ''}`;
    if (!images.has(key)) images.set(key, image);
    return OPEN;
  };
  const visit = (index: number): Scope => {
    const stage = stages[index]!;
    const known = ends.get(stage);
    if (known) return known;
    const { base, written, platform, line } = stage;
    const image = { name: base.text, written, missing: base.missing, line };
    const begin = follow({ ...image, ...(platform ? { platform } : {}) }, index);
    const end = walkStage(stage, file, options, begin, (instruction, scope) => {
      for (const source of sourcesOf(instruction, scope, file)) {
        if (source.kind === 'path') paths.add(source.path);
        else if (source.kind === 'image') follow(source.image, index);
        else remotes.set(source.remote.address, source.remote);
      }
    });
    ends.set(stage, end);
    return end;
  };
  visit(targetIndex(stages, options.target));
  return {
    images: [...images.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    contexts: [...contexts].sort(),
    paths: [...paths].sort(),
    remotes: [...remotes.values()],
    ...(syntax ? { syntax } : {}),
  };
}

/** The names of a Dockerfile's stages, in order. */
export function stageNames(text: string): string[] {
  return readStages(text).stages.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/** Whether the Dockerfile declares an argument anywhere, so that a RUN may read it. */
export function declaresArgument(text: string, name: string): boolean {
  const { stages } = readStages(text);
  return stages.some(({ instructions }) =>
    instructions.some(
      (instruction) =>
        instruction.getKeyword() === 'ARG' &&
        instruction.getArguments().some((one) => one.getValue().split('=')[0] === name),
    ),
  );
}

const EMPTY: Scope = { values: new Map(), isOpen: false };
const OPEN: Scope = { values: new Map(), isOpen: true };

type Source =
  | { kind: 'path'; path: string }
  | { kind: 'image'; image: SourceImage }
  | { kind: 'remote'; remote: RemoteSource };

function sourcesOf(instruction: Instruction, scope: Scope, { escape }: Dockerfile): Source[] {
  const line = instruction.getRange().start.line + 1;
  const expand = (word: string) => expandWord(word, (name) => scope.values.get(name), escape);
  const image = (written: string): Source => {
    const { text: name, missing } = expand(written);
    return { kind: 'image', image: { name, written, missing, line } };
  };
  const path = (written: string): Source => {
    const { text, missing } = expand(written);
    // A variable that the base image may bring can name any path: all of the context is read.
    return { kind: 'path', path: scope.isOpen && missing.length > 0 ? '.' : text };
  };
  const keyword = instruction.getKeyword();
  if (keyword === 'RUN') return mountSources(instruction as ModifiableInstruction, image, path);
  if (keyword !== 'COPY' && keyword !== 'ADD') return [];
  const from = flagValue(instruction, 'from');
  if (from !== undefined) return [image(from)];
  const checksum = flagValue(instruction, 'checksum');
  return copiedPaths(instruction as Copy).map((written) => {
    const remote = keyword === 'ADD' ? remoteSource(expand(written).text) : undefined;
    if (!remote) return path(written);
    const given = checksum === undefined ? undefined : expand(checksum).text;
    return { kind: 'remote', remote: { ...remote, line, ...(given ? { checksum: given } : {}) } };
  });
}

/** What COPY and ADD name as sources, without here-documents. */
function copiedPaths(instruction: Copy): string[] {
  const values = jsonStrings(instruction) ?? plainArguments(instruction);
  return values.slice(0, -1).filter((path) => !path.startsWith('<<'));
}

function mountSources(
  instruction: ModifiableInstruction,
  image: (written: string) => Source,
  path: (written: string) => Source,
): Source[] {
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
      if (from !== undefined) return [image(from)];
      return [path(mount.get('source') ?? mount.get('src') ?? '.')];
    });
}

/** The exec form's strings; `undefined` for the shell form. */
function jsonStrings(instruction: Copy): string[] | undefined {
  if (instruction.getJSONStrings().length === 0) return undefined;
  const text = instruction.getRawArgumentsContent() ?? '';
  try {
    return JSON.parse(text.slice(text.indexOf('['))) as string[];
  } catch {
    // Docker treats text that is not JSON as the shell form.
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

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
