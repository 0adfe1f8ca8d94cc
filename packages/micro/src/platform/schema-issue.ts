import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

/** How messages name a type, after "is not". */
const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

/** What a schema finds wrong, in words, without the place. A schema may have more precise messages of its own. */
export function explainIssue(issue: RawIssue): string | undefined {
  const { input } = issue;
  if (issue.code === 'invalid_type') {
    const expected = EXPECTED[issue.expected] ?? issue.expected;
    return input === null
      ? `has no value: give it ${expected}, or remove it`
      : `${formatValue(input)} is not ${expected}${typeHint(issue.expected, input)}`;
  }
  if (input === null) return 'has no value: give it one, or remove it';
  if (issue.code === 'invalid_key') return issue.issues[0]?.message;
  if (issue.code === 'invalid_value') {
    const options = issue.values.map(String);
    return options.length === 1
      ? `${formatValue(input)} is not supported; the only value is ${options[0]}`
      : `${formatValue(input)} is not one of ${options.join(', ')}`;
  }
  if (issue.code === 'too_small') {
    if (input === '') return 'is empty';
    return `${formatValue(input)} is too small: ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
  }
  if (issue.code === 'too_big') {
    return `${formatValue(input)} is too big: ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
  }
  return undefined;
}

/** A scalar as it is in the file. For a list or a map, only which of the two it is. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function typeHint(expected: string, input: unknown): string {
  if (expected === 'array' && typeof input === 'string') return `: write [${input}]`;
  if (expected === 'string' && typeof input !== 'object') return ': put it in quotes';
  if (
    (expected === 'number' || expected === 'int') &&
    typeof input === 'string' &&
    /^\d+$/.test(input)
  ) {
    return ': remove the quotes';
  }
  return '';
}
