import { join } from 'node:path';
import type { FoundCluster } from '../../cluster/cluster.js';
import { lastLines } from '../../command.js';
import { LabError } from '../../program.js';
import { startChild } from '../../testing/child.js';
import { PIPELINE, userEnvironment } from '../../testing/user-environment.js';
import type { Workspace } from '../../testing/workspace.js';
import { writeChart } from './chart.js';
import type { EnvironmentName } from './environments.js';
import { Namespace } from './namespace.js';
import { namespaceOf } from './platform.js';

const LINES = 30;

/** How a rollout ended, with its last lines. */
export interface Outcome {
  worked: boolean;
  said: string;
}

/** @throws LabError with the last lines of a command that failed. */
export function requireWorked(title: string, { worked, said }: Outcome): void {
  if (!worked) throw new LabError(`${title} failed:\n${said}`);
}

/** A way to bring a namespace to what the workspace declares. */
export interface Contender {
  id: EnvironmentName;
  title: string;
  namespace: Namespace;
  /** What is done before, out of the time. */
  prepare: () => Promise<void>;
  rollOut: () => Promise<Outcome>;
}

/** The first one is the one that the others are compared with. */
export function openContenders(
  workspace: Workspace,
  cluster: FoundCluster,
  helm: string,
): Contender[] {
  const { name, root } = workspace;
  const { kubectl, kubeconfig, context } = cluster;
  const rendered = (id: EnvironmentName) => join(root, 'dist/kubernetes', id);
  const chart = join(root, 'dist/chart');
  const namespace = (id: EnvironmentName) => new Namespace(cluster, namespaceOf(workspace, id));
  const render = async (id: EnvironmentName) => {
    const args = ['render', '-e', id, `--out=dist/kubernetes/${id}`];
    requireWorked('micro render', await run(join(root, 'node_modules/.bin/micro'), args));
  };
  const run = async (program: string, args: readonly string[]) => {
    const own = { KUBECONFIG: kubeconfig, HELM_CACHE_HOME: join(root, 'dist/helm') };
    const env = userEnvironment(own);
    const { exitCode, output } = await startChild(program, args, { cwd: root, env }).ended;
    return { worked: exitCode === 0, said: lastLines(output, LINES) };
  };
  const nx = async (id: EnvironmentName, env: Record<string, string>) => {
    const args = ['run-many', '-t', 'kubernetes-deploy', '-c', id, '--excludeTaskDependencies'];
    const { exitCode, output } = await workspace.startNx(args, { env }).ended;
    return { worked: exitCode === 0, said: lastLines(output, LINES) };
  };
  return [
    {
      id: 'helm',
      title: '`helm upgrade --install --wait`',
      namespace: namespace('helm'),
      prepare: async () => {
        await render('helm');
        await writeChart(rendered('helm'), chart, name);
      },
      rollOut: () =>
        run(helm, [
          ...['upgrade', '--install', name, chart, '--kube-context', context],
          ...['--namespace', namespaceOf(workspace, 'helm'), '--wait', '--timeout', '180s'],
        ]),
    },
    {
      id: 'kubectl',
      title: '`kubectl apply -k` and `kubectl rollout status`',
      namespace: namespace('kubectl'),
      prepare: () => render('kubectl'),
      rollOut: async () => {
        const where = ['--context', context, '--namespace', namespaceOf(workspace, 'kubectl')];
        const applied = await run(kubectl, [...where, 'apply', '-k', rendered('kubectl')]);
        if (!applied.worked) return applied;
        const all = ['deployment', '--selector', `app.kubernetes.io/part-of=${name}`];
        return run(kubectl, [...where, 'rollout', 'status', ...all, '--timeout', '180s']);
      },
    },
    {
      id: 'pipeline',
      title: '`nx run-many -t kubernetes-deploy` as in a generated pipeline',
      namespace: namespace('pipeline'),
      prepare: () => Promise.resolve(),
      rollOut: () => nx('pipeline', PIPELINE),
    },
    {
      id: 'daemon',
      title: "the same with Nx's daemon",
      namespace: namespace('daemon'),
      prepare: () => Promise.resolve(),
      rollOut: () => nx('daemon', { NX_DAEMON: 'true' }),
    },
  ];
}
