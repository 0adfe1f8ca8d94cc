import type { Container } from '../../../deployment/container';
import type { WantedEdge } from '../../../deployment/edge-plan';
import { EngineError } from '../../../docker/engine-error';
import { putFilesArguments, readFileArguments } from '../../../docker/container';
import { execArguments, tryOutArguments } from '../../../docker/exec';
import { onlyFileOf, tarOf } from '../../../docker/tar';
import { ADMIN_SOCKET, CONFIG_FOLDER } from '../../../edge/caddy-config';
import { dialledPorts, withPorts } from '../../../edge/dialled-ports';
import { contentOf, type EdgeFile, NEXT_FILE } from '../../../edge/edge-content';
import { CONFIG_FILE, EDGE_CAPABILITIES, EDGE_USER } from '../../../edge/edge-entry';
import type { Json } from '../../../edge/proxy-routes';
import { runDocker } from '../../../effects/engine';
import { lineInEnvironment } from '../../../effects/environments';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import type { Run } from '../run';

/**
 * Loads a configuration into the running edge, and then makes it the one that the edge starts with.
 * @throws {UserError} with Caddy's words and the place in the environment file; then the edge keeps the previous one.
 */
export async function reloadEdge(
  run: Run,
  { id, name }: Container,
  wanted: Pick<WantedEdge, 'next' | 'files' | 'publications'>,
): Promise<void> {
  const what = `The edge ${name} refused its new configuration and keeps the one before`;
  await putFiles(run, id, CONFIG_FOLDER, wanted.next, what);
  await explained(run, wanted, () => reload(run, id, NEXT_FILE, what));
  await putFiles(run, id, CONFIG_FOLDER, wanted.files, what);
}

/** What an edge that runs was last given; `undefined` if that cannot be read. */
export async function readEdgeConfig(
  { runner, address }: Run,
  { id }: Container,
): Promise<Json | undefined> {
  const file = readFileArguments(id, `${CONFIG_FOLDER}/${CONFIG_FILE}`);
  const { stdout } = await runDocker(runner, file, address, 'Could not look at the edge');
  const text = onlyFileOf(stdout);
  return text === undefined ? undefined : (JSON.parse(text) as Json);
}

/** Lets an edge that runs reach a service at these ports; all else stays as it is. */
export async function dialPorts(
  run: Run,
  container: Container,
  service: string,
  ports: readonly number[],
): Promise<void> {
  const config = await readEdgeConfig(run, container);
  if (!config || dialledPorts(config, service).join() === ports.join()) return;
  await reloadEdge(run, container, {
    ...contentOf(withPorts(config, service, ports)),
    publications: [],
  });
  const what = `${container.name}, reaches ${service} at ${ports.join(' and ')}`;
  run.tell(formatStep('edge', 'reloaded', what));
}

/** Has Caddy check a configuration without serving it. @throws {UserError} as `reloadEdge` does. */
export async function validateEdge(run: Run, id: string, wanted: WantedEdge): Promise<void> {
  const args = tryOutArguments({
    ...{ volumesOf: id, image: wanted.image, user: `${EDGE_USER}:${EDGE_USER}` },
    capabilities: EDGE_CAPABILITIES,
    command: ['caddy', 'validate', '--config', `${CONFIG_FOLDER}/${CONFIG_FILE}`],
  });
  const what = 'The edge refuses its settings; nothing was changed';
  await explained(run, wanted, () => runDocker(run.runner, args, run.address, what));
}

/** Reads the current configuration of an edge, and returns a function that restores it. */
export async function rememberEdge(
  run: Run,
  { id, name }: Container,
): Promise<() => Promise<void>> {
  const what = `The edge ${name} could not be put back`;
  const { runner, address } = run;
  const { stdout } = await runDocker(
    runner,
    readFileArguments(id, `${CONFIG_FOLDER}/.`),
    address,
    what,
  );
  const undo = { ...run, runner: run.undo.runner };
  return async () => {
    const stdin = Buffer.from(stdout);
    await runDocker(undo.runner, putFilesArguments(id, CONFIG_FOLDER), address, what, { stdin });
    await reload(undo, id, CONFIG_FILE, what);
  };
}

/** Passes the files through standard input, so that private keys are never written to the local disk. */
export async function putFiles(
  { runner, address }: Run,
  id: string,
  folder: string,
  files: readonly EdgeFile[],
  what: string,
): Promise<void> {
  await runDocker(runner, putFilesArguments(id, folder), address, what, { stdin: tarOf(files) });
}

function reload({ runner, address }: Run, id: string, file: string, what: string) {
  const config = ['--config', `${CONFIG_FOLDER}/${file}`, '--address', ADMIN_SOCKET];
  return runDocker(runner, execArguments(id, ['caddy', 'reload', ...config]), address, what);
}

/** Adds to Caddy's error where the refused settings are declared. */
async function explained(
  run: Run,
  { publications }: Pick<WantedEdge, 'publications'>,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== 'failed') throw error;
    const { workspaceRoot, environment } = run;
    const paths = [
      ...(environment.edge ? [['edge']] : []),
      ...publications
        .filter(({ service }) => environment.services[service]?.publish !== undefined)
        .map(({ service }) => ['services', service, 'publish']),
    ];
    const places = paths.map(
      (path) =>
        `${environment.file}:${lineInEnvironment(workspaceRoot, environment, path)} (${path.join('.')})`,
    );
    throw new UserError(
      places.length === 0
        ? error.message
        : `${error.message}\nIt was declared in ${places.join(', ')}`,
    );
  }
}
