import { styleText } from 'node:util';

/** `orders  built     acme/orders:k-…` with the verb in a colour that tells work from no work. */
export function formatStep(service: string, verb: string, rest: string): string {
  const colour = /^(?:up to date|nothing|kept|stopped)/.test(verb)
    ? 'dim'
    : verb === 'failed'
      ? 'red'
      : 'green';
  return `${styleText('bold', service)}  ${styleText(colour, verb)}  ${rest}`;
}

/** `1.3 MB`, in powers of ten as docker prints sizes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]!}`;
}

/** `2.4 s` */
export function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Names up to three things, then how many more there are. */
export function formatList(items: readonly string[]): string {
  return items.length <= 3
    ? items.join(', ')
    : `${items.slice(0, 3).join(', ')} and ${items.length - 3} more`;
}
