import { globSync } from 'node:fs';
import type { Workspace } from '../../testing/workspace.js';
import { mustEnd, startChild } from '../../testing/child.js';
import { userEnvironment } from '../../testing/user-environment.js';

export interface PluginTime {
  /** Milliseconds to load the plugin's module. */
  load: number;
  /** Milliseconds of `createNodes` over every manifest, in a new process. */
  first: number;
}

/** Calls the plugin like Nx does, with nothing else in the process. */
const SCRIPT = `
const started = performance.now();
const { createNodes } = require('@org/micro/plugin');
const loaded = performance.now();
const files = JSON.parse(process.argv[1]);
const context = { workspaceRoot: process.cwd(), nxJsonConfiguration: {} };
createNodes[1](files, undefined, context).then((nodes) => {
  if (nodes.length !== files.length) throw new Error('a service is missing');
  console.log(JSON.stringify({ load: loaded - started, first: performance.now() - loaded }));
});
`;

export async function timePlugin({ root }: Workspace): Promise<PluginTime> {
  const manifests = globSync('apps/*/service.yml', { cwd: root });
  const args = ['--eval', SCRIPT, JSON.stringify(manifests)];
  const child = startChild(process.execPath, args, { cwd: root, env: userEnvironment() });
  return JSON.parse(await mustEnd(child)) as PluginTime;
}
