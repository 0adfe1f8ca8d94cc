import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { formatSlowestFiles, type FileTime } from './slowest-files.js';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Ends a run with the files that took longest, and one line that a machine reads: `212 passed, 0 failed, 3 skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = countTests(modules, errors.length);
    const slowest = formatSlowestFiles(modules.map(readTime));
    // The default reporter prints its own summary in this very event: ours comes after it.
    process.once('exit', (code) => {
      // A setup that throws ends the run before any test: that is no success.
      if (code !== 0 && counts.failed === 0) counts.failed = 1;
      const table = slowest.map((line) => `${line}\n`).join('');
      process.stdout.write(`\n${table}${table && '\n'}${formatCounts(counts)}\n`);
    });
  }
}

/** `212 passed, 0 failed`, then `, 3 skipped` if some were */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** A file that cannot be loaded, a hook that throws and an error outside any test are failures too. */
export function countTests(modules: readonly TestModule[], unhandled: number): Counts {
  const counts: Counts = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    let failed = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed++;
      else if (state === 'skipped') counts.skipped++;
      else failed++;
    }
    counts.failed += failed === 0 && module.state() === 'failed' ? 1 : failed;
  }
  return counts;
}

function readTime(module: TestModule): FileTime {
  const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } =
    module.diagnostic();
  return {
    project: module.project.name,
    file: module.relativeModuleId,
    milliseconds:
      environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration,
  };
}
