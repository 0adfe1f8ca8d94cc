import { expect, it } from 'vitest';
import { formatPipeline } from './report.js';

it('shows seconds, their spread and the ratio to bake within each round', () => {
  const rounds = [
    { jobs: 2, read: 40, push: 10, install: 8, write: Infinity },
    { jobs: 4, read: 50, push: 12 },
    { jobs: 3, read: 44, push: 11 },
  ];
  const rows = formatPipeline(50, rounds, 300).split('\n');
  expect(rows[0]).toContain('nothing changed among 50 services');
  expect(rows[2]).toMatch(/generated pipeline.* 3\.0 .* 2\.0 to 4\.0 .* 0\.07 \(0\.05-0\.08\)/);
  expect(rows[3]).toMatch(/reads.* 44\.0 .* 40\.0 to 50\.0 .* 1 /);
  expect(rows[4]).toMatch(/run-many.* 11\.0 .* 10\.0 to 12\.0 .* 0\.25 \(0\.24-0\.25\)/);
  expect(rows[5]).toMatch(/npm ci.* 8\.0 .* once .* 0\.20 /);
  expect(rows[6]).toMatch(/cache-to.* more than 300 .* once +\| +\|/);
});

it('has no row for what was not measured', () => {
  expect(formatPipeline(50, [{ jobs: 3, read: 44 }], 300).split('\n')).toHaveLength(4);
});
