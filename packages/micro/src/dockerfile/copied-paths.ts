import { DockerfileParser, type Copy } from 'dockerfile-ast';

/** The paths that a Dockerfile copies from one of its stages or named contexts. */
export function copiedPaths(text: string, stage: string): string[] {
  return DockerfileParser.parse(text)
    .getInstructions()
    .filter((instruction) => ['COPY', 'ADD'].includes(instruction.getKeyword()))
    .filter((instruction) =>
      (instruction as Copy)
        .getFlags()
        .some((flag) => flag.getName() === 'from' && flag.getValue()?.toLowerCase() === stage),
    )
    .flatMap((instruction) =>
      instruction
        .getArguments()
        .slice(0, -1)
        .map((argument) => argument.getValue()),
    );
}
