import { lastLines } from '../../../docker/engine-error';
import { ClusterError, runKubectl, type Cluster } from '../../../effects/cluster';
import type { Clock } from '../../../effects/clock';
import { eventArguments, logArguments } from '../../../kubernetes/kubectl';
import { parseObjects, type LiveObject } from '../../../kubernetes/live-object';
import { isBeingCreated, isReady, type Pod } from '../../../kubernetes/pod-trouble';
import { judgeRollout, type Rollout } from '../../../kubernetes/rollout';
import { UserError } from '../../../platform/user-error';
import { visible } from '../../../platform/visible';
import type { LookAtEntry } from './look';
import { readRefusal } from './refused-pods';

const POLL_MILLISECONDS = 1000;

/** How long an object has no pod before its events are asked: another pod may be about to make room. */
const REFUSED_MILLISECONDS = 5000;
/** How often the events of a pod are asked for, while it is being created. */
const ASKED_MILLISECONDS = 5000;
/** What was refused before that may be allowed by now: the cluster tries again and again, more and more rarely. */
const OLD_MILLISECONDS = 60_000;

export interface Watched {
  kind: 'Deployment' | 'StatefulSet' | 'Job';
  /** Of the object. */
  name: string;
  /** Whose label its pods have. */
  entry: string;
  /** Of its pods; named like the entry if absent. */
  container?: string;
  /** Seconds without any progress; the cluster itself ends a Deployment that takes longer. */
  timeout: number;
}

type Failed = Extract<Rollout, { kind: 'failed' }>;

export interface Watching {
  cluster: Cluster;
  clock: Clock;
  look: LookAtEntry;
}

/** Waits until a rollout has ended. @throws {UserError} with the reason, as soon as it is certain that it cannot. */
export async function watchRollout(watching: Watching, watched: Watched): Promise<void> {
  const { cluster, clock, look } = watching;
  const { kind, name, entry, timeout } = watched;
  let seen = '';
  let since = clock.now();
  let asked = since;
  for (;;) {
    const objects = await look(entry);
    const fail = (rollout: Failed) =>
      toFailure(cluster, entry, {
        ...{ container: watched.container ?? entry, node: nodeOf(objects, rollout.pod) },
        ...rollout,
      });
    const rollout = judgeRollout(kind, name, { objects, now: clock.now() });
    if (rollout.kind === 'done') return;
    if (rollout.kind === 'failed') throw await fail(rollout);
    if (seen !== rollout.what) [seen, since] = [rollout.what, clock.now()];
    const waited = clock.now() - since;
    // The controller says so itself a moment earlier, with the pod.
    const limit = (timeout + (kind === 'Deployment' ? 15 : 0)) * 1000;
    if (rollout.isWithoutPods && waited >= REFUSED_MILLISECONDS) {
      const object = objects.find((one) => one.kind === kind && one.metadata.name === name)!;
      const refusal = await readRefusal(cluster, object);
      if (refusal && (waited > limit || clock.now() - refusal.at < OLD_MILLISECONDS)) {
        throw await fail({ kind: 'failed', reason: `no pod may start: ${refusal.message}` });
      }
    }
    // Rarely: an image may take minutes to come.
    if (clock.now() - asked >= ASKED_MILLISECONDS) {
      asked = clock.now();
      const missing = await readMissingVolume(cluster, objects);
      if (missing) throw await fail(missing);
    }
    if (waited > limit) {
      const [pod] = objects.filter((one) => one.kind === 'Pod' && !isReady(one as Pod));
      const reason = `it did not become ready within ${timeout} s`;
      throw await fail({
        ...{ kind: 'failed', reason },
        ...(pod ? { pod: pod.metadata.name } : {}),
      });
    }
    await clock.sleep(POLL_MILLISECONDS);
  }
}

/** A volume from a Secret that somebody deleted: the pod itself says no more than that it is being created. */
async function readMissingVolume(
  cluster: Cluster,
  objects: readonly LiveObject[],
): Promise<Failed | undefined> {
  const pod = objects.find((one) => one.kind === 'Pod' && isBeingCreated(one as Pod));
  if (!pod) return undefined;
  const { name } = pod.metadata;
  const reason = (await readWarnings(cluster, name)).find((message) =>
    /\b(?:secret|configmap) "[^"]+" not found/.test(message),
  );
  return reason === undefined ? undefined : { kind: 'failed', reason, pod: name };
}

function nodeOf(objects: readonly LiveObject[], name: string | undefined): string | undefined {
  const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === name);
  return (pod as Pod | undefined)?.spec?.nodeName;
}

/** The reason with what the pod and its events say, while both are there. */
async function toFailure(
  cluster: Cluster,
  entry: string,
  failed: Failed & { container: string; node: string | undefined },
): Promise<UserError> {
  const { reason, pod, container, node, previous = false } = failed;
  if (pod === undefined) return new UserError(`${entry}: ${visible(reason)}`);
  const [log, events] = await Promise.all([
    readLog(cluster, pod, container, previous),
    readWarnings(cluster, pod),
  ]);
  return new UserError(
    [
      `${entry}: ${visible(reason)} (pod ${pod}${node === undefined ? '' : ` on ${node}`})`,
      ...events.filter((event) => !reason.includes(event)).map((event) => `  event: ${event}`),
      ...(log === '' ? [] : [`  its last lines:`, ...log.split('\n').map((line) => `    ${line}`)]),
    ].join('\n'),
  );
}

/** A node that died may never answer. */
const LOG_MILLISECONDS = 15_000;

async function readLog(
  cluster: Cluster,
  pod: string,
  container: string,
  previous: boolean,
): Promise<string> {
  const { patience: _, ...once } = cluster;
  for (const before of previous ? [true, false] : [false]) {
    try {
      const args = logArguments(pod, container, before);
      const { stdout } = await runKubectl(once, args, 'Could not read the log', {
        timeout: LOG_MILLISECONDS,
      });
      if (stdout.trim() !== '') return lastLines(stdout, 20);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      // A container that never started has no log; the reason is known without it.
      const { kind } = error.complaint;
      if (kind !== 'other' && kind !== 'not-found') return error.message;
    }
  }
  return '';
}

interface Event extends LiveObject {
  type?: string;
  message?: string;
  lastTimestamp?: string | null;
}

const WARNINGS = 2;

async function readWarnings(cluster: Cluster, pod: string): Promise<string[]> {
  try {
    const { stdout } = await runKubectl(cluster, eventArguments(pod), 'Could not read events');
    const warnings = (parseObjects(stdout) as Event[])
      .filter(({ type }) => type === 'Warning')
      .sort((a, b) => ((a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? -1 : 1));
    const messages = new Set(warnings.map(({ message = '' }) => visible(message)));
    return [...messages].slice(-WARNINGS);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return [];
  }
}
