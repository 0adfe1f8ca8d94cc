/** The value of a variable; `undefined` if it has none. */
export type Lookup = (name: string) => string | undefined;

/** A word of a Dockerfile after its variables were filled in. */
export interface Expanded {
  text: string;
  /** Variables without a value that the word uses without a default of its own. */
  missing: string[];
}

/**
 * Fills the variables of a word in, as BuildKit does: `$NAME`, `${NAME}`, the forms with `:-`, `-`,
 * `:+`, `+`, `:?` and `?`, prefixes and suffixes that are cut off (`#`, `%`) and replacements (`/`).
 * Quotes are taken away, nothing is filled in between single quotes, and the escape character keeps
 * a `$` as it is. A variable without a value is empty text.
 *
 * @see https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
export function expandWord(word: string, lookup: Lookup, escape = '\\'): Expanded {
  const missing: string[] = [];
  let text = '';
  let quote = '';
  for (let at = 0; at < word.length; at++) {
    const letter = word[at]!;
    if (quote === "'") {
      if (letter === quote) quote = '';
      else text += letter;
    } else if (letter === escape && at + 1 < word.length) {
      text += word[++at]!;
    } else if (letter === quote) {
      quote = '';
    } else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter;
    } else if (letter === '$') {
      const variable = readVariable(word, at + 1);
      if (!variable) {
        text += letter;
        continue;
      }
      const filled = fill(variable, lookup, escape);
      text += filled.text;
      missing.push(...filled.missing);
      at = variable.end - 1;
    } else {
      text += letter;
    }
  }
  return { text, missing };
}

interface Variable {
  name: string;
  /** `:-`, `+`, `#` and the like; empty for the plain forms. */
  operator: string;
  operand: string;
  /** The position at which the word continues. */
  end: number;
}

/** The variable whose name or brace stands at `start`; `undefined` if a `$` is only a `$`. */
function readVariable(word: string, start: number): Variable | undefined {
  if (word[start] !== '{') {
    const name = nameAt(word, start);
    return name === '' ? undefined : { name, operator: '', operand: '', end: start + name.length };
  }
  const close = closingBrace(word, start);
  if (close === undefined) return undefined;
  const inside = word.slice(start + 1, close);
  const name = nameAt(inside, 0);
  const rest = inside.slice(name.length);
  const operator = OPERATORS.find((one) => rest.startsWith(one)) ?? '';
  return { name, operator, operand: rest.slice(operator.length), end: close + 1 };
}

/** The longer ones first. */
const OPERATORS = [':-', ':+', ':?', '##', '%%', '//', '-', '+', '?', '#', '%', '/'];

function nameAt(text: string, start: number): string {
  return /^\w*/.exec(text.slice(start))![0];
}

/** A default may hold variables of its own: braces are counted. */
function closingBrace(word: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < word.length; at++) {
    if (word[at] === '{') depth++;
    if (word[at] === '}' && --depth === 0) return at;
  }
  return undefined;
}

function fill({ name, operator, operand }: Variable, lookup: Lookup, escape: string): Expanded {
  const value = lookup(name);
  const none = { text: '', missing: [] };
  const word = () => expandWord(operand, lookup, escape);
  switch (operator) {
    case ':-':
      return value ? { text: value, missing: [] } : word();
    case '-':
      return value === undefined ? word() : { text: value, missing: [] };
    case ':+':
      return value ? word() : none;
    case '+':
      return value === undefined ? none : word();
  }
  if (value === undefined) return { text: '', missing: [name] };
  const text = operator.includes('?')
    ? value
    : cut(value, operator, operand, (part) => expandWord(part, lookup, escape).text);
  return { text, missing: [] };
}

/** `${NAME#prefix}`, `${NAME%suffix}`, `${NAME/pattern/replacement}`; doubled for the longest, or all. */
function cut(
  value: string,
  operator: string,
  operand: string,
  expand: (part: string) => string,
): string {
  const isAll = operator.length === 2;
  switch (operator[0]) {
    case '#':
      return value.replace(new RegExp(`^${pattern(expand(operand), isAll)}`), '');
    case '%': {
      // The shortest suffix begins as late as it can: what is before it is greedy.
      const whole = `^([^]*${isAll ? '?' : ''})${pattern(expand(operand), true)}$`;
      return new RegExp(whole).exec(value)?.[1] ?? value;
    }
    case '/': {
      const [, from = '', to = ''] = /^((?:\\[^]|[^/\\])*)(?:\/([^]*))?$/.exec(operand) ?? [];
      const all = new RegExp(pattern(expand(from), true), isAll ? 'g' : '');
      return value.replace(all, () => expand(to));
    }
    default:
      return value;
  }
}

/** `*` and `?` as in a shell; everything else stands for itself. */
function pattern(glob: string, isGreedy: boolean): string {
  return glob.replace(/[.+^${}()|[\]\\*?]/g, (letter) => {
    if (letter === '*') return isGreedy ? '[^]*' : '[^]*?';
    return letter === '?' ? '[^]' : `\\${letter}`;
  });
}
