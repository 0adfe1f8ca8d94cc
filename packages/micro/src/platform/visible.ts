/** What a terminal acts on instead of showing it: C0, DEL and C1, but for ends of lines and tabs. */
// eslint-disable-next-line no-control-regex -- they are what this is about
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Text of a container, a registry or another program as it can be shown: `\x1b[2J` instead of a cleared screen.
 * An end of line of Windows is one like any other.
 */
export function visible(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(CONTROLS, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The same for every text in a value, whatever it is made of. */
export function visibleIn<T>(value: T): T;
export function visibleIn(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map((item: unknown) => visibleIn(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visibleIn(item)]));
}
