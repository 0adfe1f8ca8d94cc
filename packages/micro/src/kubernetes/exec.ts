import type { Outcome } from '../docker/command';

/** A container of a pod, by which `kubectl exec` finds it. */
export interface PodContainer {
  pod: string;
  container: string;
}

/**
 * The script comes first on the standard input: as an argument, all of it would stand in a URL, and proxies in front of
 * API servers refuse long ones. A script that breaks off is not run.
 */
const READ_SCRIPT = 'script=$(head -c "$1") && [ "${#script}" = "$1" ] && eval "$script"';

/** By which every program of a script can be found in its container. */
const RUN = 'MICRO_RUN';

/**
 * Runs a script, which is then written to the standard input, with the bash of a container, in which a pipe fails if any
 * part of it does.
 * @param mark what the script knows as `$0`.
 * @param more what it knows as `$2` and so on.
 */
export function scriptArguments(
  { pod, container }: PodContainer,
  script: string,
  mark: string,
  ...more: readonly string[]
): string[] {
  return [
    ...['exec', '--stdin', pod, '--container', container, '--', 'env', `${RUN}=${mark}`],
    ...['bash', '-o', 'pipefail', '-c', READ_SCRIPT, mark, String(script.length), ...more],
  ];
}

/**
 * A script that takes a dump, for a connection whose break looks like the end of the input. It gives the dump's `$2`
 * bytes to `script`, looks for its own mark behind them, and writes it once everything is done. If anything fails, it
 * writes something else and reads on until the end of its input: kubectl may wait for ever for a program that ends before.
 */
export function wholeInput(script: string): string {
  return `head -c "$2" | {
(
${script}
) && cat > /dev/null
}
status=$?
if [ $status = 0 ] && [ "$(head -c "\${#0}")" != "$0" ]; then
  echo 'the end of the dump did not arrive' >&2
  status=1
fi
if [ $status = 0 ]; then
  printf %s "$0"
else
  echo failed
  cat > /dev/null
fi
exit $status`;
}

/** Prints `runs` if something of the script with the mark `$2` is left, otherwise `ended`. */
export const IS_RUNNING = `if grep -qszxF "${RUN}=$2" /proc/[0-9]*/environ; then
  echo runs
else
  echo ended
fi`;

/** Ends what is left of the script with the mark `$2`, and waits until it is gone. */
export const END_RUN = `for second in {1..60}; do
  pids=$(grep -lszxF "${RUN}=$2" /proc/[0-9]*/environ | cut -d/ -f3)
  [ -z "$pids" ] && exit 0
  kill $pids 2> /dev/null
  sleep 1
done
exit 1`;

/** Without the lines of kubectl's own log: its last word says the same. */
export function withoutLog(stderr: string): string {
  return stderr.replace(/^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ .*\n?/gm, '');
}

const TERMINATED = /^command terminated with exit code (\d+)\n?/m;

/**
 * How a program in a container failed, with its own words alone; `undefined` if kubectl did not get to know that it did,
 * so that the words are those of kubectl.
 */
export function programFailure({ stdout, stderr }: Outcome): Outcome | undefined {
  const found = TERMINATED.exec(stderr);
  if (!found) return undefined;
  return { exitCode: Number(found[1]), stdout, stderr: stderr.replace(TERMINATED, '') };
}
