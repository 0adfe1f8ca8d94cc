import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { mustRun } from '../../command.js';
import { ROOT } from '../../generated/file.js';
import { LabError, runProgram } from '../../program.js';
import { KINDS, SERVICE, type BuildKind, type StoreReading } from './reading.js';

type Executor = (options: object, context: ExecutorContext) => Promise<{ success: boolean }>;

/** The engines of the benchmark have none. */
const NO_NETWORK = ['--network=none'];

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

/** Changes one line of the bundle and times what brings it into an image on the engine. */
async function measure(root: string, kind: BuildKind): Promise<number> {
  const artifact = join(root, 'dist/apps', SERVICE);
  await appendFile(join(artifact, 'app/main.js'), `\n// ${process.hrtime.bigint()}\n`);
  if (kind === 'ours') {
    return time(() =>
      executor('docker-build')({ args: NO_NETWORK }, contextOf(root)).then(requireSuccess),
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'micro-bench-stores-'));
  try {
    await cp(artifact, join(folder, 'content'), { recursive: true, preserveTimestamps: true });
    const args = [
      ...['buildx', 'build', '--load', '--quiet', ...NO_NETWORK],
      ...['--file', `apps/${SERVICE}/Dockerfile`, '--build-context', `artifact=${folder}`],
      ...['--tag', `${basename(root)}/alone:${process.hrtime.bigint()}`, '.'],
    ];
    const env = kind === 'alone' ? NO_ATTESTATIONS : {};
    return await time(() => mustRun('docker', args, { cwd: root, env }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
