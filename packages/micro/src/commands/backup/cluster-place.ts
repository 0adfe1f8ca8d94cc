import { possibleAccountJobs } from '../../compose/account-jobs';
import { datastoresOf } from '../../compose/datastore';
import { migrationJobName } from '../../compose/migration-job';
import { DATABASE_VARIABLES } from '../../docker/dump';
import { formatCommand } from '../../docker/command';
import { clusterOf, toClusterError } from '../../effects/cluster';
import { readNamespaceProblem, readPods } from '../../effects/cluster-state';
import { parseVariables } from '../../effects/containers';
import { askInPod, dumpFromPod, restoreIntoPod, type ExecTarget } from '../../effects/pod-exec';
import { containerOfPod, hasHiddenVariables } from '../../kubernetes/datastore-pod';
import { programFailure, withoutLog } from '../../kubernetes/exec';
import { kubectl, type ClusterAddress } from '../../kubernetes/kubectl';
import { namespaceOf, type KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { holdCluster } from '../hold-environment';
import { describePause, withoutServices } from '../restore/pause-services';
import { runJobsAgain } from '../restore/run-jobs-again';
import type { Shell } from '../shell';
import { ownWords } from '../tool-failure';
import type { DatastoreContainer, Place } from './place';

/** The pods of a namespace, reached by `kubectl exec`. */
export function clusterPlace(platform: Platform, environment: KubernetesEnvironment): Place {
  const { name, file, links } = environment;
  if (environment.datastores === 'external') throw runElsewhere(platform, environment);
  const at = ({ runner }: Shell) => clusterOf(runner, platform.name, environment);
  const target = (shell: Shell, { name: pod, service }: DatastoreContainer): ExecTarget => ({
    ...{ cluster: at(shell).cluster, clock: shell.clock },
    ...{ pod, container: service },
  });
  const namespace = namespaceOf(platform.name, environment);
  const names = { context: environment.context, namespace, file };
  return {
    environment: name,
    home: `the namespace ${namespace}`,
    notRunning: `has no running pod: see "npx micro status -e ${name}"`,
    links,
    readContainers: (shell) => readContainers(shell, at(shell)),
    ask: (shell, container, script) => askInPod(target(shell, container), script),
    dump: (shell, container, script, streams) =>
      dumpFromPod(target(shell, container), script, { ...streams, signal: shell.signal }),
    restore: (shell, container, script, dump) =>
      restoreIntoPod(target(shell, container), script, { ...dump, signal: shell.signal }),
    toError: (what, outcome) => {
      const stderr = withoutLog(outcome.stderr);
      const own = programFailure({ ...outcome, stderr });
      return own ? ownWords(what, own) : toClusterError(what, { ...outcome, stderr }, names);
    },
    hold: (shell, lock, work) =>
      holdCluster(shell, { environment, platformName: platform.name, ...lock }, work),
    whyBusy: (containers, service) => whyBusy(containers, service, names),
    describePause,
    withoutServices: (shell, services, work) =>
      withoutServices({ shell, environment, ...at(shell) }, services, work),
    afterRestore: (shell, service) => runJobsAgain({ shell, ...at(shell) }, service),
  };
}

function runElsewhere({ services }: Platform, { name, file }: KubernetesEnvironment): UserError {
  const all = services.flatMap(datastoresOf).map((one) => `${one.name} (${one.engine})`);
  return new UserError(
    `the datastores of ${name} run outside of the cluster ("datastores: external" in ${file}): back them up and restore them where they run: ${all.join(', ') || 'this platform has none'}`,
  );
}

async function readContainers(
  shell: Shell,
  { cluster, scope }: ReturnType<typeof clusterOf>,
): Promise<DatastoreContainer[]> {
  const pods = await readPods(cluster, scope);
  // A list in a namespace that is not there is empty.
  const problem = pods.length === 0 ? await readNamespaceProblem(cluster) : undefined;
  if (problem !== undefined) throw new UserError(problem);
  return Promise.all(
    pods.map(async (pod) => {
      const container = containerOfPod(pod);
      const isDatastore = pod.metadata.labels?.['app.kubernetes.io/component'] === 'datastore';
      if (!isDatastore || container.state !== 'running' || !hasHiddenVariables(pod)) {
        return container;
      }
      const { name, service } = container;
      const target = { cluster, clock: shell.clock, pod: name, container: service };
      const { stdout } = await askInPod(target, DATABASE_NAMES);
      const names = parseVariables(stdout.split('\n').filter(Boolean));
      return { ...container, environment: { ...container.environment, ...names } };
    }),
  );
}

/** Prints the variables that name databases, which may come from a Secret, and none that holds a password. */
const DATABASE_NAMES = `for name in ${[...new Set(Object.values(DATABASE_VARIABLES).flat())].join(' ')}; do
  [ -z "\${!name}" ] || printf '%s=%s\\n' "$name" "\${!name}"
done`;

/** A job of an interrupted deploy may still run. Services are stopped by the restore itself. */
function whyBusy(
  containers: readonly DatastoreContainer[],
  service: string,
  cluster: ClusterAddress,
): string | undefined {
  const jobs = [migrationJobName({ name: service }), ...possibleAccountJobs({ name: service })];
  const busy = containers.filter((one) => jobs.includes(one.service) && one.state !== 'exited');
  if (busy.length === 0) return undefined;
  const names = busy.map((one) => one.name);
  const wait = formatCommand(kubectl(['get', 'pods', ...names, '--watch'], cluster));
  return `a job of ${service} is running (${names.join(', ')}): wait until it has ended ("${wait}"), or use --while-running`;
}
