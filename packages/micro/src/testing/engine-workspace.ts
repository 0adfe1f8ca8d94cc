import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { vi } from 'vitest';
import buildExecutor from '../executors/build/executor';
import composeDeployBatch from '../executors/compose-deploy/batch';
import composeDeployExecutor from '../executors/compose-deploy/executor';
import dockerBuildBatch from '../executors/docker-build/batch';
import dockerBuildExecutor from '../executors/docker-build/executor';
import dockerPushExecutor from '../executors/docker-push/executor';
import type { EndedTask } from '../executors/service-task';
import { writeFiles } from './temporary-workspace';

const DOCKERFILE = join(__dirname, '../generators/service/files/npm/Dockerfile.template');

/** What an executor said and how it ended. */
export interface Told {
  success: boolean;
  output: string;
}

/** What the tasks of one Nx command said, all together and each. */
export type ToldTogether = Told & { ended: Record<string, Told> };

type Batch<Given> = (
  graph: TaskGraph,
  options: Record<string, Given>,
  overrides: Given,
  context: ExecutorContext,
) => AsyncIterable<EndedTask>;

type Options<Executor extends (...args: never[]) => unknown> = Parameters<Executor>[0];

/** A workspace on disk with a platform of its own on the engine. */
export class EngineWorkspace {
  readonly root: string;
  /** Unique, so that no other test and no platform of a person is touched. */
  readonly platform = `spec-${randomUUID().slice(0, 8)}`;
  private readonly services: string[] = [];
  /** Asks the engine that its containers run on. */
  private readonly deployed: typeof docker;

  constructor({
    name = 'micro-engine-',
    platform,
    deployed = docker,
  }: { name?: string; platform?: string; deployed?: typeof docker } = {}) {
    if (platform !== undefined) this.platform = platform;
    this.deployed = deployed;
    this.root = mkdtempSync(join(tmpdir(), name));
    this.write({
      'package.json': '{ "name": "@spec/source", "private": true }\n',
      'environments/development.yml': 'engine: compose\nhealthTimeout: 60\n',
    });
  }

  write(files: Readonly<Record<string, string>>): void {
    writeFiles(this.root, files);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  git(...args: string[]): void {
    execFileSync('git', args, { cwd: this.root, stdio: 'pipe' });
  }

  /** A service without dependencies; `main` is its code, `compose` more of its entry, `manifest` of its manifest. */
  addService(
    name: string,
    port: number,
    { main = server(name), compose = '', manifest = '' } = {},
  ): void {
    this.services.push(name);
    const root = `apps/${name}`;
    const include = this.services.map((service) => `  - apps/${service}/compose.yaml\n`).join('');
    this.write({
      'compose.yaml': `name: ${this.platform}\ninclude:\n${include}networks:\n  edge:\n`,
      [`${root}/package.json`]: JSON.stringify({ name: `@spec/${name}`, version: '1.0.0' }),
      [`${root}/service.yml`]: `port: ${port}\n${manifest}`,
      [`${root}/src/main.ts`]: main,
      // Images of the same content would be one image: another spec could remove it.
      [`${root}/Dockerfile`]: `${dockerfile(root, port)}LABEL spec=${this.platform}\n`,
      [`${root}/compose.yaml`]: `services:
  ${name}:
    image: ${this.platform}/${name}:local
    init: true
    stop_grace_period: 5s
    environment: { PORT: "${port}" }
    networks: [edge]
${compose}`,
    });
  }

  build(service: string, options: Options<typeof buildExecutor> = {}): Promise<Told> {
    return told(() => buildExecutor(options, this.context(service)));
  }

  dockerBuild(service: string, options: Options<typeof dockerBuildExecutor> = {}): Promise<Told> {
    return told(() => dockerBuildExecutor(options, this.context(service)));
  }

  dockerPush(service: string, options: Options<typeof dockerPushExecutor> = {}): Promise<Told> {
    const environment = 'development';
    return told(() => dockerPushExecutor({ environment, ...options }, this.context(service)));
  }

  deploy(service: string, options: Options<typeof composeDeployExecutor> = {}): Promise<Told> {
    const environment = 'development';
    return told(() => composeDeployExecutor({ environment, ...options }, this.context(service)));
  }

  /** build, docker-build, docker-push and compose-deploy; the last one's words, or those of the step that failed. */
  async ship(service: string, options: Options<typeof composeDeployExecutor> = {}): Promise<Told> {
    for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
      const result = await this[step](service);
      if (!result.success) return result;
    }
    return this.deploy(service, options);
  }

  /** Deploys services in one Nx command, as its batch does; each with what it said and how it ended. */
  deployTogether(
    services: readonly string[],
    options: Options<typeof composeDeployExecutor> = {},
  ): Promise<ToldTogether> {
    const all = { environment: 'development', ...options };
    return this.together('compose-deploy', composeDeployBatch, services, all);
  }

  /** Builds the images of services in one Nx command, as its batch does. */
  dockerBuildTogether(
    services: readonly string[],
    options: Options<typeof dockerBuildExecutor> = {},
  ): Promise<ToldTogether> {
    return this.together('docker-build', dockerBuildBatch, services, options);
  }

  private async together<Given>(
    target: string,
    batch: Batch<Given>,
    services: readonly string[],
    options: Given,
  ): Promise<ToldTogether> {
    const tasks = services.map((project) => ({
      id: `${project}:${target}`,
      target: { project, target },
      overrides: {},
      outputs: [],
      cache: false,
      parallelism: true,
    }));
    const graph = {
      roots: tasks.map(({ id }) => id),
      tasks: Object.fromEntries(tasks.map((task) => [task.id, task])),
      dependencies: Object.fromEntries(tasks.map(({ id }) => [id, []])),
      continuousDependencies: {},
    };
    const ended: Record<string, Told> = {};
    const { output } = await told(async () => {
      const all = Object.fromEntries(tasks.map(({ id }) => [id, options]));
      const context = { ...this.context(services[0]!), taskGraph: graph };
      for await (const { task, result } of batch(graph, all, {} as Given, context)) {
        const text = stripVTControlCharacters(result.terminalOutput);
        ended[graph.tasks[task]!.target.project] = { success: result.success, output: text };
      }
      return { success: true };
    });
    const success = Object.values(ended).every((one) => one.success);
    return { success, output, ended };
  }

  /** Names of all containers of the environment and of the notes of its deploys, in any state. */
  everything(project = `${this.platform}-development`): string[] {
    const ours = ['--filter', `name=${project}`, '--format'];
    const containers = this.deployed('ps', '--all', ...ours, '{{.Names}} {{.State}}');
    // The lock, notes and marks; a note and the container that keeps its image have one name.
    const volumes = this.deployed('volume', 'ls', ...ours, '{{.Name}} created').split('\n');
    const notes = volumes.filter((line) => line.startsWith(`${project}.`));
    return [...new Set([...containers.split('\n'), ...notes])]
      .filter(Boolean)
      .map((line) => line.slice(project.length + 1))
      .sort();
  }

  receipt<T = { image: string; imageId: string; key: string; digest: string }>(
    service: string,
    step: string,
  ): T {
    return JSON.parse(this.read(`dist/receipts/apps/${service}/${step}.json`)) as T;
  }

  containerIds(service: string, project = `${this.platform}-development`): string[] {
    return this.deployed(
      ...['ps', '--quiet', '--no-trunc'],
      ...['--filter', `label=com.docker.compose.project=${project}`],
      ...['--filter', `label=com.docker.compose.service=${service}`],
    )
      .split('\n')
      .filter(Boolean)
      .sort();
  }

  /** Takes away everything on the engine and the disk that carries the platform's name. */
  remove(): void {
    const list = (...args: string[]) =>
      docker(...args)
        .split('\n')
        .filter(Boolean);
    const mine = ['--format', '{{.Names}}', '--filter', `name=${this.platform}`];
    const containers = list('ps', '--all', ...mine);
    if (containers.length > 0) docker('rm', '--force', '--volumes', ...containers);
    const networks = list(
      'network',
      'ls',
      '--format',
      '{{.Name}}',
      '--filter',
      `name=${this.platform}`,
    );
    if (networks.length > 0) docker('network', 'rm', ...networks);
    const volumes = list('volume', 'ls', '--quiet', '--filter', `name=${this.platform}`);
    if (volumes.length > 0) docker('volume', 'rm', ...volumes);
    // By name, never by id: another image may have the same id. Only its own are listed: with the containerd store, a
    // listing fails if one of its images is removed meanwhile, as other specs do.
    const names = list(
      ...['image', 'ls', '--digests', '--format', '{{.Repository}} {{.Tag}} {{.Digest}}'],
      ...['', '*/', '*/*/'].flatMap((above) => [
        '--filter',
        `reference=${above}${this.platform}/*`,
      ]),
    ).flatMap((line) => {
      const [repository, tag, digest] = line.split(' ');
      return [
        ...(tag === '<none>' ? [] : [`${repository}:${tag}`]),
        ...(digest === '<none>' ? [] : [`${repository}@${digest}`]),
      ];
    });
    for (const name of new Set(names)) spawnSync('docker', ['image', 'rm', '--force', name]);
    rmSync(this.root, { recursive: true, force: true });
  }

  private context(projectName: string): ExecutorContext {
    const projects = Object.fromEntries(
      this.services.map((name) => [name, { root: `apps/${name}` }]),
    );
    return {
      root: this.root,
      cwd: this.root,
      isVerbose: false,
      projectName,
      projectsConfigurations: { version: 2, projects },
      nxJsonConfiguration: {},
      projectGraph: { nodes: {}, dependencies: {} },
    };
  }
}

/** Answers every request with `text`, `/ready` with 200 or, for a service that never comes up, 503. */
export function server(text: string, { ready = true } = {}): string {
  return `import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.statusCode = request.url === '/ready' && !${ready} ? 503 : 200;
  response.end(${JSON.stringify(text)});
});
server.listen(Number(process.env.PORT), () => console.log('listening', ${JSON.stringify(text)}));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
}

/** The generated one, with a health check that may take its time: specs run beside each other. */
export function dockerfile(root: string, port: number): string {
  return readFileSync(DOCKERFILE, 'utf8')
    .replace('--timeout=3s', '--timeout=30s')
    .replaceAll('<%= root %>', root)
    .replaceAll('<%= port %>', String(port));
}

/** The older store holds an image for one platform without attestations, and builds no other. */
export function hasContainerdStore(): boolean {
  return docker('info', '--format', '{{json .DriverStatus}}').includes('io.containerd.');
}

/** @throws with what docker wrote. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

const lines = new AsyncLocalStorage<string[]>();

/** Records what an executor prints, also if several run in parallel. */
async function told(work: () => Promise<{ success: boolean }>): Promise<Told> {
  const heard: string[] = [];
  const keep = (...words: unknown[]) => void lines.getStore()?.push(words.map(String).join(' '));
  vi.spyOn(console, 'log').mockImplementation(keep);
  vi.spyOn(console, 'error').mockImplementation(keep);
  const { success } = await lines.run(heard, work);
  return { success, output: stripVTControlCharacters(heard.join('\n')) };
}

/** Waits until an executor that was started just before prints a line like this. */
export async function untilSaid(line: RegExp): Promise<void> {
  const printed = vi.mocked(console.log).mock.calls;
  const begun = printed.length;
  const isSaid = () =>
    printed.slice(begun).some(([first]) => line.test(stripVTControlCharacters(String(first))));
  await vi.waitUntil(isSaid, { timeout: 60_000, interval: 50 });
}
