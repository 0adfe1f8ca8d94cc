import { lastLines } from '../docker/engine-error';
import { parseClusterComplaint, type ClusterComplaint } from '../kubernetes/complaint';
import { kubectl, type ClusterAddress } from '../kubernetes/kubectl';
import type { Scope } from '../kubernetes/object';
import { namespaceOf, type KubernetesEnvironment } from '../platform/kubernetes-environment';
import { UserError } from '../platform/user-error';
import type { Clock } from './clock';
import type { Outcome, Runner, RunOptions } from './process';

/** Kubectl or the API server said no, or nothing. */
export class ClusterError extends UserError {
  override readonly name = 'ClusterError';

  constructor(
    readonly complaint: ClusterComplaint,
    message: string,
  ) {
    super(message);
  }
}

/** How long the API server may take for one answer. */
const ANSWER_MILLISECONDS = 60_000;

/** Waits for an API server or a webhook that does not answer: they may be restarted while a deploy goes on. */
export interface Patience {
  clock: Clock;
  seconds: number;
  /** When a command of this deploy got no answer, in milliseconds since 1970. All its commands share it. */
  seen: { silentAt?: number };
}

/** A namespace and how it is reached. */
export interface Cluster extends ClusterAddress {
  runner: Runner;
  /** The file of the environment, for messages. */
  file: string;
  patience?: Patience;
  /** Kinds that the platform has here beside those that every environment has. */
  moreKinds?: readonly string[];
}

/** By which messages name a cluster. */
type ClusterNames = Pick<Cluster, 'context' | 'namespace' | 'file'>;

const RETRY_MILLISECONDS = 2000;
/**
 * An API server that was just started refuses what it allows a moment later. Seen with 1.37.2 after each of three
 * restarts, for less than a second: it has not read yet who may do what.
 */
const STARTING_MILLISECONDS = 10_000;

const VIRTUAL_SERVICES = 'virtualservices.networking.istio.io';
/** By which Prometheus reads pods. Not everybody who deploys may list them. */
const ROLES = ['roles', 'rolebindings'].map((kind) => `${kind}.rbac.authorization.k8s.io`);

/** The namespace that an environment deploys to. */
export function clusterOf(
  runner: Runner,
  platformName: string,
  environment: KubernetesEnvironment,
): { cluster: Cluster; scope: Scope } {
  const namespace = namespaceOf(platformName, environment);
  const { context, file, name } = environment;
  return {
    cluster: {
      ...{ context, namespace, file, runner },
      moreKinds: [
        ...(environment.mesh === 'istio' ? [VIRTUAL_SERVICES] : []),
        ...(environment.observability === 'in-cluster' ? ROLES : []),
      ],
    },
    scope: { platform: platformName, environment: name, namespace },
  };
}

/** Runs a kubectl command that has to succeed. @throws {ClusterError} saying what to do. */
export async function runKubectl(
  cluster: Cluster,
  args: readonly string[],
  what: string,
  { stdin, ...options }: RunOptions & { stdin?: string } = {},
): Promise<Outcome> {
  const command = kubectl(args, cluster, stdin);
  const { patience } = cluster;
  const until = patience && patience.clock.now() + patience.seconds * 1000;
  for (;;) {
    const outcome = await cluster.runner.run(command, { timeout: ANSWER_MILLISECONDS, ...options });
    if (outcome.exitCode === 0) return outcome;
    const error = toClusterError(what, outcome, cluster);
    // All that a deploy sends can be sent again: it applies, deletes what may be gone, or names the version it saw.
    if (!patience || !mayPass(error, patience) || patience.clock.now() >= until!) throw error;
    await patience.clock.sleep(RETRY_MILLISECONDS);
  }
}

const STARTING = ['forbidden', 'credentials', 'unknown-kind', 'other'];

function mayPass({ complaint }: ClusterError, { clock, seen }: Patience): boolean {
  if (complaint.kind === 'no-webhook') return true;
  if (complaint.kind === 'no-cluster') {
    seen.silentAt = clock.now();
    return true;
  }
  const since = clock.now() - (seen.silentAt ?? -Infinity);
  return STARTING.includes(complaint.kind) && since < STARTING_MILLISECONDS;
}

/** What a kubectl command that failed means, and what to do. */
export function toClusterError(
  what: string,
  { stderr, exitCode }: Outcome,
  cluster: ClusterNames,
): ClusterError {
  const complaint = parseClusterComplaint(stderr);
  const words = lastLines(stderr, 20) || `kubectl ended with exit code ${exitCode}`;
  return new ClusterError(complaint, `${what}: ${adviceOn(complaint, cluster) ?? words}`);
}

/** What is said of a namespace that ends, and what to do. */
export function beingDeleted(namespace: string): string {
  return `the namespace ${namespace} is being deleted: wait until it is gone, create it again, and run this again`;
}

/** `undefined` if the words of kubectl are all that can be said. */
function adviceOn(complaint: ClusterComplaint, cluster: ClusterNames): string | undefined {
  const { context, namespace, file } = cluster;
  switch (complaint.kind) {
    case 'no-context':
      return `there is no kubectl context "${complaint.context}", which ${file} names. "kubectl config get-contexts" lists those that there are; correct "context", or set KUBECONFIG`;
    case 'no-cluster':
      return `the cluster of the context ${context} does not answer (${complaint.reason}). Check the network and "kubectl --context ${context} get nodes", then run this again`;
    case 'no-node':
      return `the node does not answer (${complaint.reason}): see "kubectl --context ${context} get nodes"`;
    case 'no-webhook':
      return `a webhook that the cluster has to ask does not answer (${complaint.reason}). See to the pods behind it, then run this again`;
    case 'credentials':
      return `the cluster of the context ${context} does not accept these credentials (${complaint.reason}). Log in again, then run this again`;
    case 'forbidden':
      return `the user of the context ${context} may not do this (${complaint.reason}). Ask for a Role in the namespace ${namespace} that allows it`;
    case 'quota':
      return `a quota of the namespace ${namespace} is used up (${complaint.reason}). Free some of it or ask for more, then run this again`;
    case 'refused':
      return `the cluster refuses it (${complaint.reason}). Change what it names, or ask whoever wrote that rule`;
    case 'no-namespace':
      return `there is no namespace ${complaint.namespace}: kubectl --context ${context} create namespace ${complaint.namespace}`;
    case 'terminating':
      return beingDeleted(complaint.namespace);
    case 'unknown-kind':
      return `the cluster has no ${complaint.what}: install it, for example the Gateway API, or remove what needs it from ${file}`;
    default:
      return undefined;
  }
}
