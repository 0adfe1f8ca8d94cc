import { describe, expect, it } from 'vitest';
import { effectTable, timeTable, type ColumnHeading, type WorkHeading } from './tables.js';

const columns: ColumnHeading[] = [
  { id: 'nx-docker', column: 'A', title: 'A' },
  { id: 'micro', column: 'us', title: 'us' },
];

const cold: WorkHeading = { id: 'cold', title: 'cold', group: 'time', unit: 's', aim: 0.5 };
const fresh: WorkHeading = {
  ...{ id: 'fresh', title: 'fresh', group: 'time', unit: 's' },
  contenders: ['micro'],
  sameAs: 'cold',
};

const results = {
  readings: {
    cold: {
      'nx-docker': [20, 40].map((value) => ({ value, built: 8, changed: 8 })),
      micro: [5, 10].map((value) => ({ value, built: 8, changed: 8 })),
    },
    fresh: { micro: [2, 1].map((value) => ({ value, built: 0, changed: 0 })) },
  },
};

describe('tables', () => {
  it("compares medians, also if a peer's reading comes from another work", () => {
    expect(timeTable([cold, fresh], columns, results).split('\n')).toEqual([
      '| work  | A    | us   | us / best peer (spread) | aim    |',
      '| ----- | ---- | ---- | ----------------------- | ------ |',
      '| cold  | 30.0 | 7.50 | **0.25** (0.25-0.25)    | <= 0.5 |',
      '| fresh | 30.0 | 1.50 | **0.05** (0.03-0.10)    |        |',
    ]);
  });

  it('counts the images that were built and changed', () => {
    expect(effectTable([cold], columns, results)).toContain('| cold | 8 / 8 | 8 / 8 |');
  });
});
