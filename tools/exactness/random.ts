/** Random numbers that depend on a seed only (mulberry32). */
export interface Random {
  /** A whole number from 0 up to, but not including, `below`. */
  below: (below: number) => number;
  chance: (probability: number) => boolean;
  pick: <T>(values: readonly T[]) => T;
  /** Up to `most` of the values, each at most once. */
  some: <T>(values: readonly T[], most: number) => T[];
  /** Eight hexadecimal digits, so that the value always has the same size. */
  word: () => string;
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick: Random['pick'] = (values) => {
    if (values.length === 0) throw new Error('nothing to pick from');
    return values[below(values.length)]!;
  };
  return {
    below,
    pick,
    chance: (probability) => next() < probability,
    some: (values, most) => {
      const rest = [...values];
      const count = Math.min(below(most + 1), rest.length);
      return Array.from({ length: count }, () => rest.splice(below(rest.length), 1)[0]!);
    },
    word: () => below(0x100000000).toString(16).padStart(8, '0'),
  };
}
