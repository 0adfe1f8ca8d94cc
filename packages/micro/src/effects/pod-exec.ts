import { PassThrough, Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { containerId, whyEnded } from '../kubernetes/datastore-pod';
import {
  END_RUN,
  IS_RUNNING,
  programFailure,
  scriptArguments,
  wholeInput,
} from '../kubernetes/exec';
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
  const runner = await watchedRunner(target, mark);
  return runToMark(runner, command, mark, { ...streams, first: script });
}

/**
 * Gives a dump to a script. It succeeds only if the script says that it took all of it: a connection that broke may look
 * like the end of the input to the script.
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
  let hasFailed = false;
  output.on('data', (chunk: Buffer) => (hasFailed ||= !mark.startsWith(chunk.toString())));
  let isEndKnown = false;
  try {
    const runner = await watchedRunner(target, mark);
    const input = Readable.from(inputOf(whole, path, mark, () => hasFailed));
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

async function* inputOf(script: string, path: string, mark: string, isOver: () => boolean) {
  yield Buffer.from(script);
  for await (const chunk of readStreamed(path) as AsyncIterable<Buffer>) {
    // The rest of it would be read for nothing.
    if (isOver()) return;
    yield chunk;
  }
  yield Buffer.from(mark);
}

/** What a broken connection leaves goes on with what it has. Nothing may use the datastore before it is gone. */
async function endRun(target: ExecTarget, mark: string): Promise<void> {
  // Without the pod, there is nothing left in it.
  await runAbout(target, END_RUN, mark).catch(() => undefined);
}

/** Runs a script about another one in the same container, the one with that mark. */
function runAbout(target: ExecTarget, script: string, mark: string): Promise<Outcome> {
  const args = scriptArguments(target, script, newMark(), mark);
  const command = kubectl(args, target.cluster, script);
  return target.cluster.runner.run(command, { timeout: 2 * ANSWER });
}

/** After how many milliseconds without a byte the container is asked whether the script still runs. */
const QUIET = 20_000;
const LEFT_OPEN = 'the program in the pod ended, but the connection to it stayed open';

/**
 * A runner of `kubectl exec` for the script with that mark. It does not wait for a container that is gone, since nobody
 * tells kubectl of a node that died, nor for a program that is gone, whose end may get lost on its way. If a command
 * fails because its container ended, the outcome says so.
 */
async function watchedRunner(target: ExecTarget, mark: string): Promise<Runner> {
  const { cluster, clock, pod, container } = target;
  const readPod = async (): Promise<Pod | undefined> => {
    const args = ['get', 'pod', pod, '--ignore-not-found', '--output', 'json'];
    const { stdout } = await runKubectl(cluster, args, `Could not look at the pod ${pod}`);
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as Pod);
  };
  const found = await readPod();
  const uid = found?.metadata.uid ?? '';
  const was = { pod, container, uid, id: found && containerId(found, container) };
  const lookAtPod = async () => whyEnded(await readPod(), was, clock.now());
  const lookAtProgram = async () => {
    const { stdout } = await runAbout(target, IS_RUNNING, mark);
    return stdout.trim() === 'ended' ? LEFT_OPEN : undefined;
  };
  return {
    run: async (command, options = {}) => {
      const stop = new AbortController();
      let moved = performance.now();
      let gone: { why: string; since: number } | undefined;
      const quietFor = () => performance.now() - moved;
      const onBytes = (count: number) => {
        moved = performance.now();
        options.onBytes?.(count);
      };
      const endWatch = repeat(async () => {
        const why =
          (await lookAtPod()) ?? (quietFor() >= QUIET ? await lookAtProgram() : undefined);
        gone = why === undefined ? undefined : { why, since: gone?.since ?? performance.now() };
        if (!gone || performance.now() - gone.since < OPEN_AFTER_END) return;
        if (quietFor() >= OPEN_AFTER_END) stop.abort();
      });
      const own = options.stop ? AbortSignal.any([options.stop, stop.signal]) : stop.signal;
      const outcome = await cluster.runner
        .run(command, { ...options, onBytes, stop: own })
        .finally(endWatch);
      if (outcome.exitCode === 0) return outcome;
      const ended = stop.signal.aborted ? gone?.why : undefined;
      const why = (await lookAtPod().catch(() => undefined)) ?? ended;
      return why === undefined
        ? outcome
        : { ...outcome, stderr: `${outcome.stderr.trimEnd()}\n${why}`.trimStart() };
    },
  };
}
