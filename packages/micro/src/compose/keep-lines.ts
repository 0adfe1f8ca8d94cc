/**
 * Carries an edit over to a text that is laid out in another way: a three-way merge by line. Where
 * a line was both laid out differently and edited, the edited one is taken.
 *
 * @param original what the person wrote.
 * @param formatted the same content as the formatter writes it.
 * @param edited the edited content as the formatter writes it.
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

/** Lines between two that are the same in all three; of equal numbers each is told by its place. */
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
 * For the lines of a longest common subsequence: the index in `a` -> the index in `b`. What both
 * begin and end with is matched first: the rest takes time and space by the square of its length.
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
  // lengths[i][j]: how many lines a[i..] and b[j..] have in common.
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
