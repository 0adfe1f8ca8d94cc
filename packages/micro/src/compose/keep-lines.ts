/**
 * Applies an edit to a text that has another layout: a three-way merge by line. If a line has both another layout and
 * an edit, the edited line wins.
 *
 * @param original what the person wrote.
 * @param formatted the same content, formatted.
 * @param edited the edited content, formatted.
 */
export function keepLines(original: string, formatted: string, edited: string): string {
  const base = formatted.split('\n');
  const mine = original.split('\n');
  const theirs = edited.split('\n');
  const inMine = matchLines(base, mine);
  const inTheirs = matchLines(base, theirs);
  const merged: string[] = [];
  let from = { base: 0, mine: 0, theirs: 0 };
  for (let line = 0; line <= base.length; line++) {
    const isEnd = line === base.length;
    const at = {
      base: line,
      mine: isEnd ? mine.length : inMine.get(line),
      theirs: isEnd ? theirs.length : inTheirs.get(line),
    };
    if (at.mine === undefined || at.theirs === undefined) continue;
    merged.push(
      ...mergeHunk(
        base.slice(from.base, at.base),
        mine.slice(from.mine, at.mine),
        theirs.slice(from.theirs, at.theirs),
      ),
    );
    if (!isEnd) merged.push(base[line]!);
    from = { base: line + 1, mine: at.mine + 1, theirs: at.theirs + 1 };
  }
  return merged.join('\n');
}

/**
 * Merges the lines between two lines that all three texts share. If all have the same number of lines, they are paired
 * by position.
 */
function mergeHunk(
  base: readonly string[],
  mine: readonly string[],
  theirs: readonly string[],
): readonly string[] {
  if (base.length === mine.length && base.length === theirs.length) {
    return base.map((line, index) => (theirs[index] === line ? mine[index]! : theirs[index]!));
  }
  return theirs.join('\n') === base.join('\n') ? mine : theirs;
}

/**
 * For the lines of a longest common subsequence: the index in `a` -> the index in `b`. The common start and end are
 * matched first, because the rest takes time and memory by the square of its length.
 */
function matchLines(a: readonly string[], b: readonly string[]): Map<number, number> {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const matches = new Map<number, number>();
  for (let line = 0; line < start; line++) matches.set(line, line);
  const middle = matchMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  for (const [inA, inB] of middle) matches.set(inA + start, inB + start);
  for (let line = end; line > 0; line--) matches.set(a.length - line, b.length - line);
  return matches;
}

function matchMiddle(a: readonly string[], b: readonly string[]): Map<number, number> {
  // lengths[i][j]: the number of common lines of a[i..] and b[j..].
  const lengths = a.map(() => new Array<number>(b.length + 1).fill(0));
  lengths.push(new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        a[i] === b[j]
          ? lengths[i + 1]![j + 1]! + 1
          : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const matches = new Map<number, number>();
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) matches.set(i++, j++);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++;
    else j++;
  }
  return matches;
}
