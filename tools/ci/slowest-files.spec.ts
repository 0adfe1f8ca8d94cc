import { describe, expect, it } from 'vitest';
import { formatSlowestFiles } from './slowest-files.js';

const took = (file: string, milliseconds: number, project = 'unit') => ({
  project,
  file,
  milliseconds,
});

describe('formatSlowestFiles', () => {
  it('lists slow files, slowest first, with the time of all', () => {
    expect(
      formatSlowestFiles([
        took('a.spec.ts', 400),
        took('b.engine.spec.ts', 12_400, 'engine'),
        took('c.spec.ts', 1_034_600, 'e2e'),
      ]),
    ).toEqual([
      'files took 1047 s in all, the slowest of them:',
      '  1035 s  e2e      c.spec.ts',
      '    12 s  engine   b.engine.spec.ts',
    ]);
  });

  it('lists only as many as fit on a screen', () => {
    const many = Array.from({ length: 40 }, (_, index) => took(`${index}.spec.ts`, 20_000 + index));
    const lines = formatSlowestFiles(many);
    expect(lines).toHaveLength(13);
    expect(lines[1]).toContain('39.spec.ts');
  });

  it('prints nothing if all were quick', () => {
    expect(formatSlowestFiles([took('a.spec.ts', 400)])).toEqual([]);
  });
});
