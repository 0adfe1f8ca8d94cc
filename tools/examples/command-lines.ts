/** One command of an example, split into words like in a shell. */
export interface CommandLine {
  /** The line in the example, from 0. */
  line: number;
  words: string[];
}

const QUOTED = /'([^']*)'|"([^"]*)"|[^\s'"]+/g;

/**
 * The commands of a shell example: without comments, with continued lines joined, and with `a && b` and `a | b` split.
 */
export function commandLines(text: string): CommandLine[] {
  const lines = text.split('\n');
  const commands: CommandLine[] = [];
  for (let line = 0; line < lines.length; line++) {
    const start = line;
    let joined = lines[line]!;
    while (joined.endsWith('\\') && line + 1 < lines.length) {
      joined = `${joined.slice(0, -1)} ${lines[++line]!.trim()}`;
    }
    const words = splitWords(joined);
    for (const command of splitList(words, ['&&', '|'])) {
      if (command.length > 0) commands.push({ line: start, words: command });
    }
  }
  return commands;
}

function splitWords(line: string): string[] {
  const words: string[] = [];
  let end = -1;
  for (const match of line.matchAll(QUOTED)) {
    const [whole, single, double] = match;
    if (whole.startsWith('#')) break;
    const word = single ?? double ?? whole;
    // `--to="a b"` is one word.
    if (match.index === end) words[words.length - 1] += word;
    else words.push(word);
    end = match.index + whole.length;
  }
  return words;
}

function splitList(words: readonly string[], separators: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const word of words) {
    if (separators.includes(word)) parts.push([]);
    else parts.at(-1)!.push(word);
  }
  return parts;
}
