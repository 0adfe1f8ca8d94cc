/** The middle value, or the mean of the two in the middle; NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

export interface Ratio {
  /** Of the medians. */
  value: number;
  /** The smallest and the largest ratio within one round. */
  min: number;
  max: number;
}

/** How one series compares with another one of the same rounds. */
export function ratio(own: readonly number[], other: readonly number[]): Ratio {
  const perRound = own.flatMap((value, round) => {
    const against = other[round];
    return against === undefined ? [] : [value / against];
  });
  return {
    value: median(own) / median(other),
    min: Math.min(...perRound),
    max: Math.max(...perRound),
  };
}

/** `0.95 (0.91-0.99)`: the ratio, and its range within a round; 1 for a series compared with itself. */
export function formatRatio(own: readonly number[], other: readonly number[]): string {
  if (own === other) return '1';
  const { value, min, max } = ratio(own, other);
  return `${value.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`;
}

/** The key of the series with the smallest median; `undefined` if there is none. */
export function best<Key extends string>(
  series: Partial<Record<Key, readonly number[]>>,
): Key | undefined {
  const entries = Object.entries(series) as [Key, readonly number[]][];
  return entries
    .filter(([, values]) => values.length > 0)
    .toSorted(([, a], [, b]) => median(a) - median(b))[0]?.[0];
}
