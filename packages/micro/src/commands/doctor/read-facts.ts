import { join } from 'node:path';
import { docker, type EngineAddress } from '../../docker/command';
import { readAnyEnvironment } from '../../effects/environments';
import { EngineError } from '../../docker/engine-error';
import { inspectRemoteImage, runDocker } from '../../effects/engine';
import { fileReader } from '../../effects/files';
import { freeSpace, isPortFree } from '../../effects/machine';
import { readPlugAndPlay } from '../../effects/plug-and-play';
import { projectNameOf, addressOf } from '../../deployment/project';
import { runsElsewhere, type AnyEnvironment, type Environment } from '../../platform/environment';
import { serviceRepository } from '../../platform/image-reference';
import type { Platform } from '../../platform/platform';
import { missingSecretsOf } from '../../effects/env-file';
import { listenersFor } from '../../edge/listener';
import { EDGE_SERVICE } from '../../platform/edge-options';
import { renderEntries, type RenderedEntries } from '../../effects/rendered-entries';
import { readWrittenProblems } from '../../effects/written-problems';
import { formatProblem } from '../../platform/problem';
import { readWorkspacePlatform, type Shell } from '../shell';
import type { DoctorFacts, PortFact, RegistryFact } from './checks';
import { readClusterFacts } from './read-cluster-facts';
import { readFunctionLimits } from './read-function-limits';
import { readImageChanges } from './read-image-changes';
import { readEdgeFacts } from './read-edge-facts';
import { readRenderProblems } from './read-render-problems';
import { readLockfileGaps } from './read-lockfile';
import {
  edgePorts,
  publishedPorts,
  publishers,
  takenPorts,
  wantedPlatforms,
  type NeededPort,
} from './ports';

/** Looks at the machine, the engine and the workspace; what cannot be seen is a fact, too. */
export async function readDoctorFacts(shell: Shell, environmentName: string): Promise<DoctorFacts> {
  const { workspaceRoot, runner } = shell;
  const read = fileReader(workspaceRoot);
  const platform = readWorkspacePlatform(workspaceRoot);
  const environment = readAnyEnvironment(workspaceRoot, environmentName);
  // Images for a cluster are built on the engine of this machine.
  const onEngine = environment.engine === 'compose' ? environment : undefined;
  const address = onEngine ? addressOf(onEngine) : {};
  const answerOf = async (...args: string[]) => {
    const { exitCode, stdout } = await runner.run(docker(args, address));
    return exitCode === 0 ? stdout.trim() : undefined;
  };
  const engine = await readEngine(shell, address);
  const [buildx, compose, sync] = await Promise.all([
    answerOf('buildx', 'version'),
    answerOf('compose', 'version', '--short'),
    readSync(shell),
  ]);
  const there = engine.kind === 'answers';
  const registry = there ? await readRegistry(shell, platform, environment) : undefined;
  const rendered =
    there && compose && onEngine
      ? await renderEntries(shell, platform, onEngine, new Map())
      : undefined;
  const edge =
    onEngine && rendered?.kind === 'rendered' && rendered.publications
      ? await readEdgeFacts(shell, platform, onEngine, rendered.publications)
      : undefined;
  const cluster =
    environment.engine === 'kubernetes'
      ? await readClusterFacts(shell, platform, environment)
      : undefined;
  const notOnEcs =
    environment.engine === 'ecs' && compose
      ? await readRenderProblems(shell, platform, environment)
      : undefined;
  const isLocal = !onEngine || !runsElsewhere(onEngine);
  const disk = there && isLocal ? await readDisk(shell, address) : undefined;
  return {
    node: process.versions.node,
    ...optional('nx', nxVersion(workspaceRoot)),
    ...optional('lockfileGaps', readLockfileGaps(read)),
    engine,
    ...optional('buildx', buildx),
    ...optional('compose', compose),
    ...optional('disk', disk),
    platforms: {
      known: there ? await readPlatforms(shell, address) : [],
      wanted: wantedPlatforms(
        [
          'nx.json',
          ...platform.services.flatMap(({ root }) => [
            `${root}/project.json`,
            `${root}/package.json`,
          ]),
        ].map(read),
      ),
    },
    ports: onEngine && rendered ? await readPorts(shell, platform, onEngine, rendered) : [],
    ...optional('edge', edge),
    ...optional('registry', registry),
    ...optional('cluster', cluster),
    ...optional('notOnEcs', notOnEcs),
    missingSecrets: missingSecretsOf(platform, read),
    contradictions: onEngine
      ? [
          ...readWrittenProblems(workspaceRoot, platform.services, onEngine).map(formatProblem),
          ...(await readImageChanges(shell, platform, onEngine, rendered)),
        ]
      : [],
    functionLimits: await readFunctionLimits(workspaceRoot, platform),
    ...optional('keepsImages', there && onEngine ? keeperOf(onEngine) : undefined),
    sync,
  };
}

/** Nobody knows for one that runs pushed images and has no registry yet. */
function keeperOf({ images, registry }: Environment): DoctorFacts['keepsImages'] {
  if (images === 'local') return 'engine';
  return registry === undefined ? undefined : 'registry';
}

/** The names of its parts come last: `Engine`, or `Podman Engine`. */
const ENGINE =
  '{{.Client.Version}} {{.Server.Version}}{{range .Server.Components}} {{.Name}}{{end}}';

async function readEngine(
  { runner }: Shell,
  address: EngineAddress,
): Promise<DoctorFacts['engine']> {
  try {
    const { stdout } = await runDocker(
      runner,
      ['version', '--format', ENGINE],
      address,
      'The engine does not answer',
      { timeout: 20_000 },
    );
    const [client = '', server = '', ...parts] = stdout.trim().split(' ');
    const name = parts.includes('Podman') ? 'Podman' : 'Docker';
    return { kind: 'answers', name, client, server };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { kind: 'silent', problem: error.message };
  }
}

interface NxManifest {
  version?: string;
  bin?: string | Record<string, string>;
}

/** The Nx of the workspace, and the folder in which it is installed. */
function readNx(workspaceRoot: string): { folder: string; manifest: NxManifest } | undefined {
  const pnp = readPlugAndPlay(workspaceRoot);
  const folder = pnp ? pnp.find('nx', workspaceRoot) : join(workspaceRoot, 'node_modules/nx');
  const text = folder && fileReader(folder)('package.json');
  return folder && text ? { folder, manifest: JSON.parse(text) as NxManifest } : undefined;
}

/** The version of the Nx that the workspace runs. */
function nxVersion(workspaceRoot: string): string | undefined {
  return readNx(workspaceRoot)?.manifest.version;
}

async function readDisk({ runner }: Shell, address: EngineAddress): Promise<DoctorFacts['disk']> {
  const { exitCode, stdout } = await runner.run(
    docker(['info', '--format', '{{.DockerRootDir}}'], address),
  );
  const folder = stdout.trim();
  const free = exitCode === 0 ? await freeSpace(folder) : undefined;
  return free === undefined ? undefined : { folder, free };
}

async function readPlatforms({ runner }: Shell, address: EngineAddress): Promise<string[]> {
  const { exitCode, stdout } = await runner.run(docker(['buildx', 'inspect'], address));
  const [, list = ''] = /^Platforms:\s*(.+)$/m.exec(exitCode === 0 ? stdout : '') ?? [];
  return list
    .split(',')
    .map((platform) => platform.trim().replace(/\*$/, ''))
    .filter(Boolean);
}

/** The ports of this machine; those of another one cannot be tried from here. */
async function readPorts(
  shell: Shell,
  platform: Platform,
  environment: Environment,
  rendered: RenderedEntries,
): Promise<PortFact[]> {
  if (runsElsewhere(environment) || rendered.kind === 'unreadable') return [];
  const chosenIn = publishers(platform, environment);
  const ports = [
    ...publishedPorts(rendered.config.services, chosenIn),
    ...edgePorts(listenersFor(rendered.publications ?? []), chosenIn),
  ];
  const { stdout } = await shell.runner.run(
    docker(['ps', '--format', HOLDERS], addressOf(environment)),
  );
  const taken = takenPorts(stdout);
  const project = projectNameOf(platform.name, environment);
  const stateOf = async ({ host, port }: NeededPort): Promise<PortFact['state']> => {
    const owner = taken.get(port);
    if (owner?.project === project) return owner.service === EDGE_SERVICE ? 'edge' : 'own';
    if (owner) return { takenBy: `the container ${owner.name}` };
    return (await isPortFree(host, port)) ? 'free' : { takenBy: 'a process on this machine' };
  };
  return Promise.all(
    ports.map(async (port) => ({
      service: port.service,
      address: `${port.host}:${port.port}`,
      chosenIn: port.chosenIn,
      throughEdge: port.throughEdge,
      state: await stateOf(port),
    })),
  );
}

const HOLDERS = [
  '{{.Names}}',
  '{{.Label "com.docker.compose.project"}}',
  '{{.Label "com.docker.compose.service"}}',
  '{{.Ports}}',
].join('\t');

/** Asks for an image that need not be there, with the login that docker itself uses. */
async function readRegistry(
  { runner }: Shell,
  platform: Platform,
  environment: AnyEnvironment,
): Promise<RegistryFact | undefined> {
  const { registry, file } = environment;
  if (registry === undefined) {
    const images = environment.engine === 'compose' ? environment.images : 'pushed';
    const problem = `${file} runs pushed images but has no registry`;
    return images === 'pushed' ? { host: '', answer: 'unnamed', problem } : undefined;
  }
  const host = registry.split('/')[0]!;
  const service = platform.services[0]?.name ?? 'doctor';
  try {
    await inspectRemoteImage(
      runner,
      `${serviceRepository(platform.name, service, registry)}:doctor`,
    );
    return { host, answer: 'answers' };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const answer = error.kind === 'denied' ? 'denied' : 'silent';
    return { host, answer, problem: error.message };
  }
}

/** What `nx sync:check` says. */
async function readSync({ workspaceRoot, runner }: Shell): Promise<DoctorFacts['sync']> {
  const nx = readNx(workspaceRoot);
  if (nx === undefined) return { kind: 'failed', says: 'Nx is not installed' };
  const { bin } = nx.manifest;
  const program = typeof bin === 'string' ? bin : bin?.['nx'];
  if (program === undefined) return { kind: 'failed', says: 'Nx has no program' };
  const { exitCode, stdout, stderr } = await runner.run({
    file: process.execPath,
    args: [join(nx.folder, program), 'sync:check'],
    env: { NX_DAEMON: 'false', NO_COLOR: '1', NX_TUI: 'false', FORCE_COLOR: '0' },
  });
  if (exitCode === 0) return { kind: 'in-step' };
  const output = stdout + stderr;
  return /out of sync/i.test(output)
    ? { kind: 'drifted', says: 'derived files are out of sync with the manifests' }
    : { kind: 'failed', says: firstWords(output) };
}

function firstWords(output: string): string {
  const line = output.split('\n').find((text) => /\b(?:error|failed|problem)/i.test(text));
  return (line ?? 'nx sync:check failed').trim();
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };
}
