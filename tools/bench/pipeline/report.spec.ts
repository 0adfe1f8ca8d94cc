import { expect, it } from 'vitest';
import { formatPipeline } from './report.js';

it('shows seconds, their spread and the ratio to bake within each round', () => {
  const readings = [
    { affected: 2, all: 10, bake: 40 },
    { affected: 4, all: 12, bake: 50 },
    { affected: 3, all: 11, bake: 44 },
  ];
  const rows = formatPipeline(50, readings).split('\n');
  expect(rows[0]).toContain('nothing changed among 50 services');
  expect(rows[2]).toMatch(/affected.* 3\.0 .* 2\.0-4\.0 .* 0\.07 \(0\.05-0\.08\)/);
  expect(rows[3]).toMatch(/run-many.* 11\.0 .* 10\.0-12\.0 .* 0\.25 \(0\.24-0\.25\)/);
  expect(rows[4]).toMatch(/bake.* 44\.0 .* 40\.0-50\.0 .* 1 /);
});
