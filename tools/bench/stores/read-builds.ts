import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { mustRun } from '../../command.js';
import { ROOT } from '../../generated/file.js';
import { LabError, runProgram } from '../../program.js';
import { mustEnd, startChild } from '../../testing/child.js';
import { userEnvironment } from '../../testing/user-environment.js';
import { KINDS, PUSHED, SERVICE, type BuildKind, type StoreReading } from './reading.js';
import { BUILD_ARGUMENTS } from './store-workspace.js';

type Executor = (options: object, context: ExecutorContext) => Promise<{ success: boolean }>;

const LEAST = 'FROM node:24-bookworm-slim\nCOPY --from=artifact /*/ /\n';

const NO_ATTESTATIONS = { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' };

/**
 * Measures one build of each kind on the engine that it finds, after one of each that does not count. Writes the reading as JSON
 * into a file: `read-builds.ts <workspace> <file> <number>`. The number decides the order.
 */
void runProgram(async () => {
  const [root = '', file = '', round = '0'] = process.argv.slice(2);
  const seconds = {} as Record<BuildKind, number>;
  await executor('build')({}, contextOf(root)).then(requireSuccess);
  for (const kind of KINDS) await measure(root, kind);
  for (const kind of Number(round) % 2 === 0 ? KINDS : KINDS.toReversed()) {
    seconds[kind] = await measure(root, kind);
  }
  const format =
    '{{.ServerVersion}}, {{if eq .Driver "overlayfs"}}containerd{{else}}{{.Driver}}{{end}}';
  const engine = (await mustRun('docker', ['info', '--format', format])).trim();
  const reading: StoreReading = { engine, seconds };
  await writeFile(file, JSON.stringify(reading));
});

/** Changes one line and times what brings it into an image. */
async function measure(root: string, kind: BuildKind): Promise<number> {
  switch (kind) {
    case 'whole':
      return measureNx(root, `${SERVICE}:docker-build`);
    case 'pushed':
      return measureNx(root, `${SERVICE}:docker-push:${PUSHED}`);
    case 'ours':
      await changeBundle(root);
      return time(() =>
        executor('docker-build')({ args: BUILD_ARGUMENTS }, contextOf(root)).then(requireSuccess),
      );
    default:
      await changeBundle(root);
      return measureDocker(root, kind);
  }
}

async function measureNx(root: string, task: string): Promise<number> {
  const line = `console.log('${process.hrtime.bigint()}');\n`;
  await appendFile(join(root, 'apps', SERVICE, 'src/main.ts'), line);
  const nx = join(root, 'node_modules/.bin/nx');
  return time(() => mustEnd(startChild(nx, ['run', task], { cwd: root, env: userEnvironment() })));
}

async function measureDocker(
  root: string,
  kind: 'alone' | 'alone with attestations' | 'least',
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'micro-bench-stores-'));
  try {
    const content = join(folder, 'artifact/content');
    await cp(artifactOf(root), content, { recursive: true, preserveTimestamps: true });
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'Dockerfile'), LEAST);
    const [file, context] =
      kind === 'least'
        ? [join(folder, 'Dockerfile'), join(folder, 'empty')]
        : [`apps/${SERVICE}/Dockerfile`, '.'];
    const args = [
      ...['buildx', 'build', '--load', '--quiet', ...BUILD_ARGUMENTS],
      ...['--file', file, '--build-context', `artifact=${join(folder, 'artifact')}`],
      ...['--tag', `${basename(root)}/alone:${process.hrtime.bigint()}`, context],
    ];
    const env = kind === 'alone with attestations' ? {} : NO_ATTESTATIONS;
    return await time(() => mustRun('docker', args, { cwd: root, env }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function changeBundle(root: string): Promise<void> {
  await appendFile(join(artifactOf(root), 'app/main.js'), `\n// ${process.hrtime.bigint()}\n`);
}

function artifactOf(root: string): string {
  return join(root, 'dist/apps', SERVICE);
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** As compiled: what a workspace has. */
function executor(name: string): Executor {
  const path = join(ROOT, `packages/micro/dist/executors/${name}/executor.js`);
  const { default: run } = createRequire(import.meta.url)(path) as { default: Executor };
  return run;
}

function requireSuccess({ success }: { success: boolean }): void {
  if (!success) throw new LabError('a build failed');
}

function contextOf(root: string): ExecutorContext {
  return {
    root,
    cwd: root,
    isVerbose: false,
    projectName: SERVICE,
    projectsConfigurations: { version: 2, projects: { [SERVICE]: { root: `apps/${SERVICE}` } } },
    nxJsonConfiguration: {},
    projectGraph: { nodes: {}, dependencies: {} },
  };
}
