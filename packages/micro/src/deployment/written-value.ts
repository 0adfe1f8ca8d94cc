/** A value of a variable as the compose files write it: a text, or one that is filled in from outside. */
export type WrittenValue = { kind: 'literal'; text: string } | { kind: 'filled' };

/**
 * Whether Compose would fill in a value from `.env` or the machine that deploys. A single `${NAME:-text}` is its text:
 * what switches it on is said by the environment. A dollar is still written as two.
 */
export function writtenValue(value: unknown): WrittenValue {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return { kind: 'filled' };
  }
  const text = String(value);
  const optional = /^\$\{[A-Za-z_]\w*:?-([^${}]*)\}$/.exec(text);
  if (optional) return { kind: 'literal', text: optional[1]! };
  return text.replaceAll('$$', '').includes('$') ? { kind: 'filled' } : { kind: 'literal', text };
}
