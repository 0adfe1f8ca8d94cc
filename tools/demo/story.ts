import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { LabError } from '../program.js';
import { startChild } from '../testing/child.js';
import {
  changedIn,
  readState,
  type Place,
  type PlatformState,
} from '../testing/deployed-platform.js';
import {
  EXAMPLE_SERVICES,
  generateArguments,
  LIBRARY_FILE,
  writeExampleCode,
  type ExampleService,
} from '../testing/example/example.js';
import { freePort } from '../testing/free-port.js';
import { vendorPackages } from '../testing/packed-plugin.js';
import { userEnvironment } from '../testing/user-environment.js';
import type { Workspace } from '../testing/workspace.js';
import { tellTarget } from './nx-lines.js';
import type { Stage } from './stage.js';
import { formatTable, whatHappened } from './table.js';

type State = PlatformState<ExampleService>;

/** From an empty workspace to a deployed platform, with two changes to it. */
export async function tellStory(
  stage: Stage,
  workspace: Workspace,
  registry: string,
): Promise<void> {
  const place: Place = {
    registry,
    platform: workspace.name,
    project: `${workspace.name}-development`,
  };
  const tell = teller(stage, workspace);

  stage.heading(`An Nx workspace with @org/micro: ${workspace.root}`);
  const tarballs = await vendorPackages(workspace.root);
  await tell.npm('install', '--save-dev', '--no-audit', '--no-fund', ...tarballs);
  await tell.nx('g', '@org/micro:init', `--registry=${registry}`);
  await workspace.commit('An Nx workspace with @org/micro');

  stage.heading('Three services with links, and a library that two of them use');
  for (const service of EXAMPLE_SERVICES) await tell.nx(...generateArguments(service));
  await writeExampleCode(workspace);
  const url = await publishGateway(workspace);
  stage.line(
    '   (written: a route in each service, packages/money, where the gateway is published)',
  );
  await tell.npm('install', '--no-audit', '--no-fund');
  await tell.nx('sync');
  await workspace.commit('users, orders, gateway');

  stage.heading('Build, push and deploy what the commit affects: all of it');
  const empty = await readState(place, EXAMPLE_SERVICES);
  await tell.affected();
  const first = await readState(place, EXAMPLE_SERVICES);
  await callGateway(stage, url);

  stage.heading('One line of the library, which orders and gateway are built from');
  await changeLine(stage, workspace, LIBRARY_FILE, ' EUR`', ' €`');
  await tell.affected();
  const second = await readState(place, EXAMPLE_SERVICES);
  await callGateway(stage, url);

  stage.heading('A comment in the library: the bundles stay as they are, and so does all else');
  await changeLine(stage, workspace, LIBRARY_FILE, 'Cents as a price', 'What a price looks like');
  await tell.affected();
  requireExactly(second, await readState(place, EXAMPLE_SERVICES), []);

  stage.heading('One line of users, which the two others call');
  await changeLine(stage, workspace, 'apps/users/src/routes/users.ts', "'Grace'", "'Grace Hopper'");
  await tell.affected();
  const third = await readState(place, EXAMPLE_SERVICES);
  await callGateway(stage, url);

  stage.heading('What became of each service');
  tellTable(stage, [empty, first, second, third]);
  stage.line(`\n   gateway   ${url}`);
  stage.line(`   images    ${registry}/${workspace.name}/<service>`);
  requireExactly(first, second, ['orders', 'gateway']);
  requireExactly(second, third, ['users']);
}

/** Runs the commands of the story as a person would type them. */
function teller(stage: Stage, workspace: Workspace) {
  const nx = (args: readonly string[], keep?: (line: string) => string | undefined) =>
    stage.show(['nx', ...args].join(' '), (onLine) => workspace.startNx(args, { onLine }), keep);
  return {
    npm: (...args: string[]) =>
      stage.show(['npm', ...args].join(' '), (onLine) =>
        startChild('npm', args, { cwd: workspace.root, env: userEnvironment(), onLine }),
      ),
    nx: (...args: string[]) => nx(args),
    affected: async () => {
      for (const target of ['docker-build', 'docker-push', 'compose-deploy']) {
        const args = ['affected', '-t', target, '--base=HEAD~1', '--head=HEAD'];
        await nx([...args, '--outputStyle=stream'], (line) => tellTarget(target, line));
      }
    },
  };
}

/** A free port, so that two demos can run at the same time. */
async function publishGateway(workspace: Workspace): Promise<string> {
  const port = await freePort();
  const file = 'environments/development.yml';
  const environment = parseDocument(await workspace.read(file));
  environment.setIn(['services', 'gateway', 'publish'], port);
  await workspace.write(file, environment.toString());
  return `http://127.0.0.1:${port}/shop`;
}

async function changeLine(
  stage: Stage,
  workspace: Workspace,
  file: string,
  from: string,
  to: string,
): Promise<void> {
  await workspace.edit(file, from, to);
  await workspace.commit(`${file}: ${to}`);
  const line = (await readFile(join(workspace.root, file), 'utf8'))
    .split('\n')
    .find((one) => one.includes(to));
  stage.line(`   ${file}:  ${line?.trim() ?? ''}`);
}

async function callGateway(stage: Stage, url: string): Promise<void> {
  stage.line(`   $ curl ${url}`);
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  stage.line(`     ${text}`);
}

function tellTable(stage: Stage, states: readonly [State, State, State, State]): void {
  const [empty, first, second, third] = states;
  const rounds = [
    whatHappened(empty, first),
    whatHappened(first, second),
    whatHappened(second, third),
  ];
  const rows = EXAMPLE_SERVICES.map((service) => {
    const { keyTag = '-', digest = '-', containers } = third[service];
    return [
      service,
      keyTag.slice(0, 14),
      digest.slice(0, 19),
      (containers[0] ?? '-').slice(0, 12),
      ...rounds.map((round) => round[service]),
    ];
  });
  const head = ['service', 'image key', 'digest', 'container', 'first', 'library', 'users'];
  for (const line of formatTable([head, ...rows])) stage.line(`   ${line}`);
}

/** The demo is not a test, but it fails if it does not show what it should. */
function requireExactly(before: State, after: State, expected: readonly ExampleService[]): void {
  for (const fact of ['imageId', 'digest', 'containers'] as const) {
    const changed = changedIn(before, after, fact);
    if ([...changed].sort().join() === [...expected].sort().join()) continue;
    throw new LabError(
      `${fact} changed for ${changed.join(', ') || 'no service'}, not for ${expected.join(', ') || 'none'}`,
    );
  }
}
