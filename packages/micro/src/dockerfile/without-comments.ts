import { DockerfileParser } from 'dockerfile-ast';

/**
 * A Dockerfile without the comments and empty lines between its instructions: two that are equal so
 * build the same. A text with here-documents is left as it is, since their lines may look like comments.
 */
export function withoutComments(text: string): string {
  if (text.includes('<<')) return text;
  const dockerfile = DockerfileParser.parse(text);
  const inside = new Set(
    dockerfile.getInstructions().flatMap((instruction) => {
      const { start, end } = instruction.getRange();
      return Array.from({ length: end.line - start.line + 1 }, (_, index) => start.line + index);
    }),
  );
  const comments = new Set(dockerfile.getComments().map((one) => one.getRange().start.line));
  return text
    .split('\n')
    .filter((line, index) => inside.has(index) || (line.trim() !== '' && !comments.has(index)))
    .join('\n');
}
