import type { TestProject } from 'vitest/node';
import { ensureEngine } from '../engine/ensure-engine.js';
import { ensureCaddyImage } from '../images/caddy/caddy-image.js';
import { ensureNodeImage } from '../images/node/node-image.js';
import { LabError, say } from '../program.js';
import { ensureRegistry } from '../registry/ensure-registry.js';

/**
 * Runs once per project, before its first file: prepares an engine, the images of services and of the edge, and a
 * registry. If that fails, `describeEngine` gets the reason: it fails in CI and skips elsewhere.
 */
export default async function setUpLab(project: TestProject): Promise<void> {
  try {
    await ensureEngine();
    await ensureNodeImage();
    await ensureCaddyImage();
    await ensureRegistry();
    project.provide('noEngine', '');
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (!process.env['CI']) say(formatBanner(project.name, error.message));
    project.provide('noEngine', error.message);
  }
}

function formatBanner(project: string, reason: string): string {
  const rule = '!'.repeat(80);
  return [
    '',
    rule,
    `  The "${project}" tests are SKIPPED: nothing below proves that images build or deploy.`,
    ...reason.split('\n').map((line) => `  ${line}`),
    '  With CI=true this is a failure.',
    rule,
    '',
  ].join('\n');
}
