import { basename } from 'node:path';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { readEngineFacts } from '../engine/facts.js';
import { recordSupport } from '../generated/support-page.js';
import { countTests, formatCounts } from './summary-reporter.js';

/**
 * Writes the result of the tests with an engine into docs/support.md, with the engine's version. Used if
 * `SUPPORT=write`.
 */
export default class SupportReporter implements Reporter {
  async onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
  ): Promise<void> {
    const ran = modules.filter(({ project }) => project.name !== 'unit');
    const { client, server, buildx, compose } = await readEngineFacts();
    if (ran.length === 0 || server.kind !== 'running') return;
    const projects = [...new Set(ran.map(({ project }) => project.name))].sort().join(', ');
    await recordSupport({
      tool: server.isPodman ? 'Podman' : 'Docker Engine',
      version: server.version,
      run: `tests (${projects}) of ${formatFiles(ran.map(({ moduleId }) => moduleId))}, with client ${client}, buildx ${buildx}, Compose ${compose}`,
      result: formatCounts(countTests(ran, errors.length)),
    });
  }
}

/** More names than these say less than their number. */
const NAMED = 12;

/** `docker-build, edge` of `…/docker-build.engine.spec.ts` and `…/edge.engine.spec.ts`; `250 files`. */
export function formatFiles(paths: readonly string[]): string {
  if (paths.length > NAMED) return `${paths.length} files`;
  const names = paths.map((path) =>
    basename(path).replace(/(?:\.(?:engine|browser|cluster))?\.spec\.ts$/, ''),
  );
  return names.sort().join(', ');
}
