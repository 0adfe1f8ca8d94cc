import { parseImageReference } from '../platform/image-reference';

/** Action, name and reason. */
export type Row = [verb: string, name: string, rest: string];

export function formatRows(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([, name]) => name.length));
  return rows.map(([verb, name, rest]) => `  ${verb.padEnd(7)}  ${name.padEnd(width)}  ${rest}`);
}

/**
 * `c19701d16992 (sha256:5669fc6c4141)`: the key and the registry's digest, both shortened; the JSON has them in full.
 */
export function formatImage({ key, image }: { key: string; image: string }): string {
  const { digest } = parseImageReference(image);
  return key.slice(0, 12) + (digest === undefined ? '' : ` (${digest.slice(0, 19)})`);
}
