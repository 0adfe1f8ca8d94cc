import { DockerfileParser, type Instruction, type ModifiableInstruction } from 'dockerfile-ast';

/**
 * Gives images other names in FROM, in the default of an ARG, and in COPY --from and RUN --mount. All else stays as it
 * is written. A name that is composed of variables is not found.
 *
 * @param names the new name of each, by the name that is written.
 */
export function replaceImages(text: string, names: ReadonlyMap<string, string>): string {
  const lines = text.split('\n');
  for (const { start, end } of DockerfileParser.parse(text)
    .getInstructions()
    .flatMap(imageRanges)
    .reverse()) {
    if (start.line !== end.line) continue;
    const line = lines[start.line]!;
    const written = line.slice(start.character, end.character);
    // As words: `NODE_IMAGE="node:24"`, `--mount=type=bind,from=node:24`
    const words = written.split(/([=,"'])/).map((word) => names.get(word) ?? word);
    lines[start.line] = line.slice(0, start.character) + words.join('') + line.slice(end.character);
  }
  return lines.join('\n');
}

type Range = ReturnType<Instruction['getRange']>;

/** Where an instruction may name an image. */
function imageRanges(instruction: Instruction): Range[] {
  const flags = (name: string) =>
    (instruction as ModifiableInstruction)
      .getFlags()
      .filter((flag) => flag.getName() === name)
      .map((flag) => flag.getRange());
  switch (instruction.getKeyword()) {
    case 'FROM':
      return ranges(instruction).slice(0, 1);
    case 'ARG':
      return ranges(instruction);
    case 'COPY':
      return flags('from');
    case 'RUN':
      return flags('mount');
    default:
      return [];
  }
}

/** Those of its arguments without flags, which some versions of an instruction count as arguments. */
function ranges(instruction: Instruction): Range[] {
  return instruction
    .getArguments()
    .filter((argument) => !argument.getValue().startsWith('--'))
    .map((argument) => argument.getRange());
}
