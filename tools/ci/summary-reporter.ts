import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { formatSlowestFiles, type FileTime } from './slowest-files.js';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Prints the slowest files at the end of a run, and one line for programs: `212 passed, 0 failed, 3 skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = countTests(modules, errors.length);
    const slowest = formatSlowestFiles(modules.map(readTime));
    // The default reporter prints its summary in the same event. Ours must come after it.
    process.once('exit', (code) => {
      // A set-up that throws ends the run before any test. That must not look like a success.
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

/** A file that cannot be loaded, a hook that throws and an error outside of tests count as failures, too. */
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
