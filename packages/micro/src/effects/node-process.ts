import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface NodeProcess {
  /** Asks it to end, and kills it after ten seconds. */
  stop: () => Promise<void>;
}

const STOP_MILLISECONDS = 10_000;

/** Runs a file with the same node. Its output goes to the output of this process. */
export function startNode(
  file: string,
  { cwd, args }: { cwd: string; args: readonly string[] },
): NodeProcess {
  const child = spawn(process.execPath, [...args, file], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const closed = once(child, 'close');
  return {
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS);
      await closed;
      clearTimeout(timer);
    },
  };
}
