import { PassThrough, Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { containerId, whyEnded } from '../kubernetes/datastore-pod';
import { END_RUN, programFailure, scriptArguments, wholeInput } from '../kubernetes/exec';
import { kubectl } from '../kubernetes/kubectl';
import type { Pod } from '../kubernetes/pod-trouble';
import type { Clock } from './clock';
import { runKubectl, type Cluster } from './cluster';
import { OPEN_AFTER_END, repeat } from './exec-watch';
import type { Outcome, RunOptions, Runner } from './process';
import { readStreamed } from './streamed-file';
import { newMark, runToMark, type WholeOutcome } from './whole-output';

/** A container of a pod, in which scripts are run. */
export interface ExecTarget {
  cluster: Cluster;
  clock: Clock;
  pod: string;
  container: string;
}

const ANSWER = 60_000;

/** Runs a script that prints little. */
export async function askInPod(target: ExecTarget, script: string): Promise<Outcome> {
  const command = kubectl(scriptArguments(target, script, newMark()), target.cluster, script);
  return target.cluster.runner.run(command, { timeout: ANSWER });
}

/** Runs a script that writes its mark after its output, and then waits for the end of its input. */
export async function dumpFromPod(
  target: ExecTarget,
  script: string,
  streams: Pick<RunOptions, 'signal' | 'onBytes'> & { output: Writable },
): Promise<WholeOutcome> {
  const mark = newMark();
  const command = kubectl(scriptArguments(target, script, mark), target.cluster);
  return runToMark(await watched(target), command, mark, { ...streams, first: script });
}

/**
 * Gives a dump to a script. It succeeds only if the script says that it took all of it: a connection that broke may look
 * like the end of the input to the script, and like success to kubectl.
 */
export async function restoreIntoPod(
  target: ExecTarget,
  script: string,
  {
    path,
    bytes,
    ...options
  }: { path: string; bytes: number } & Pick<RunOptions, 'signal'> & {
      onBytes: (count: number) => void;
    },
): Promise<Outcome> {
  const mark = newMark();
  const whole = wholeInput(script);
  const args = scriptArguments(target, whole, mark, String(bytes));
  const output = new PassThrough();
  const said = text(output);
  said.catch(() => undefined);
  let isEndKnown = false;
  try {
    const runner = await watched(target);
    const input = Readable.from(inputOf(whole, path, mark));
    const outcome = await runner.run(kubectl(args, target.cluster), { ...options, input, output });
    const isDone = (await said) === mark;
    isEndKnown = isDone || programFailure(outcome) !== undefined;
    if (isDone) return { ...outcome, exitCode: 0 };
    if (outcome.exitCode !== 0) return outcome;
    return { ...outcome, exitCode: 1, stderr: `${outcome.stderr}${EARLY}` };
  } finally {
    if (!isEndKnown) await endRun(target, mark);
    output.destroy();
  }
}

const EARLY = 'the connection ended before the restore did';

async function* inputOf(script: string, path: string, mark: string) {
  yield Buffer.from(script);
  yield* readStreamed(path) as AsyncIterable<Buffer>;
  yield Buffer.from(mark);
}

/** What a broken connection leaves goes on with what it has. Nothing may use the datastore before it is gone. */
async function endRun(target: ExecTarget, mark: string): Promise<void> {
  const args = scriptArguments(target, END_RUN, newMark(), mark);
  const command = kubectl(args, target.cluster, END_RUN);
  // Without the pod, there is nothing left in it.
  await target.cluster.runner.run(command, { timeout: 2 * ANSWER }).catch(() => undefined);
}

/**
 * A runner of `kubectl exec` that does not wait for a container that is gone: nobody tells kubectl of a node that died.
 * If a command fails because its container ended, the outcome says so.
 */
async function watched({ cluster, clock, pod, container }: ExecTarget): Promise<Runner> {
  const readPod = async (): Promise<Pod | undefined> => {
    const args = ['get', 'pod', pod, '--ignore-not-found', '--output', 'json'];
    const { stdout } = await runKubectl(cluster, args, `Could not look at the pod ${pod}`);
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as Pod);
  };
  const found = await readPod();
  const uid = found?.metadata.uid ?? '';
  const was = { pod, container, uid, id: found && containerId(found, container) };
  const look = async () => whyEnded(await readPod(), was, clock.now());
  return {
    run: async (command, options = {}) => {
      const stop = new AbortController();
      let moved = performance.now();
      let goneSince: number | undefined;
      const onBytes = (count: number) => {
        moved = performance.now();
        options.onBytes?.(count);
      };
      const endWatch = repeat(async () => {
        if ((await look()) === undefined) return void (goneSince = undefined);
        goneSince ??= performance.now();
        const quiet = performance.now() - Math.max(goneSince, moved);
        if (quiet >= OPEN_AFTER_END) stop.abort();
      });
      const own = options.stop ? AbortSignal.any([options.stop, stop.signal]) : stop.signal;
      const outcome = await cluster.runner
        .run(command, { ...options, onBytes, stop: own })
        .finally(endWatch);
      if (outcome.exitCode === 0) return outcome;
      const why = await look().catch(() => undefined);
      return why === undefined
        ? outcome
        : { ...outcome, stderr: `${outcome.stderr.trimEnd()}\n${why}`.trimStart() };
    },
  };
}
