import { stripVTControlCharacters } from 'node:util';
import { changedIn, readState, type Place } from '../tools/testing/deployed-platform.js';
import {
  EXAMPLE_SERVICES,
  generateArguments,
  writeExampleCode,
  type ExampleService,
} from '../tools/testing/example/example.js';
import { mustEnd } from '../tools/testing/child.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

export interface ExamplePlatform extends FreshWorkspace {
  place: Place;
  /** Commits the workspace, runs a target for what that commit affects, and reports what it did. */
  affected: (target: string) => Promise<Effects>;
}

/** What one command did, read from the engine and the registry. */
export interface Effects {
  /** Projects that Nx ran the target for. */
  selected: string[];
  /** Services whose image was built, even if its content is the same. */
  built: ExampleService[];
  pushed: ExampleService[];
  /** Services whose containers changed. */
  restarted: ExampleService[];
  output: string;
}

/** Three linked services and a library that two of them use, generated and committed, but not built. */
export async function examplePlatform(gatewayPort?: number): Promise<ExamplePlatform> {
  const fresh = await freshWorkspace();
  const { workspace, registry } = fresh;
  const project = `${workspace.name}-development`;
  const place = { registry, platform: workspace.name, project };
  try {
    for (const service of EXAMPLE_SERVICES) {
      const more = service === 'gateway' && gatewayPort ? [`--port=${gatewayPort}`] : [];
      await workspace.nx(...generateArguments(service), '--skipInstall', ...more);
    }
    await writeExampleCode(workspace);
    await workspace.npm('install');
    await workspace.nx('sync');
    await workspace.commit('users, orders, gateway');
  } catch (error) {
    await fresh.remove();
    throw error;
  }
  const affected = async (target: string) => {
    if ((await workspace.git('status', '--porcelain')) !== '') await workspace.commit('A change');
    const args = ['affected', '-t', target, '--base=HEAD~1', '--head=HEAD'];
    return effectsOf(place, () => mustEnd(workspace.startNx(args)));
  };
  return { ...fresh, place, affected };
}

/** Runs something and compares the state before and after. */
export async function effectsOf(place: Place, work: () => Promise<string>): Promise<Effects> {
  const before = await readState(place, EXAMPLE_SERVICES);
  const output = await work();
  const after = await readState(place, EXAMPLE_SERVICES);
  const rebuilt = [...changedIn(before, after, 'imageId'), ...changedIn(before, after, 'taggedAt')];
  return {
    selected: selectedProjects(output),
    built: EXAMPLE_SERVICES.filter((service) => rebuilt.includes(service)),
    pushed: changedIn(before, after, 'digest'),
    restarted: changedIn(before, after, 'containers'),
    output,
  };
}

/** `Running target docker-build for project users and …`, or a list below `for 2 projects …` */
function selectedProjects(output: string): string[] {
  const text = stripVTControlCharacters(output);
  const [, rest = ''] = text.split(/Running target \S+ for /);
  const one = /^project (\S+?)(?: |:|$)/.exec(rest)?.[1];
  if (one) return [one];
  const list = /^\d+ projects?.*:\n\n((?:- .+\n)+)/.exec(rest)?.[1] ?? '';
  return [...list.matchAll(/^- (\S+)$/gm)].map(([, name = '']) => name).sort();
}
