import { delimiter, dirname, join } from 'node:path';
import { ROOT } from '../generated/file.js';

/** Variables that npm, Nx, Vitest and git set for this repository only. */
const OURS =
  /^(npm_(package|lifecycle|command|config_local_prefix)|INIT_CWD$|NX_|VITEST|TEST$|DEV$|PROD$|SSR$|MODE$|NODE_ENV$|NODE_OPTIONS$|GIT_|COMPOSE_|FORCE_COLOR$|NO_COLOR$|PORT$)/;

/** What docs/deploying.md advises for pipelines: each Nx command takes less than half of the processor time. */
export const PIPELINE = { NX_ISOLATE_PLUGINS: 'false' };

/**
 * The environment of a person's shell outside of this repository: with this Node, but without the repository's
 * programs.
 */
export function userEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(ROOT, 'node_modules')));
  return {
    ...Object.fromEntries(kept),
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    // As in a pipeline: no prompts, and no daemon is left running.
    CI: 'true',
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    ...more,
  };
}
