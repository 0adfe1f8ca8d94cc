import type { ExecutorContext } from '@nx/devkit';
import { join } from 'node:path';
import { watchBundle } from '../../effects/watch-bundle';
import { startNode, type NodeProcess } from '../../effects/node-process';
import { FIRST_PORT } from '../../platform/manifest';
import { formatStep } from '../../terminal/step';
import { runServiceTask } from '../service-task';

export interface ServeOptions {
  inspect?: boolean | number;
}

/** Runs a service from its sources and restarts it after each change, until it is interrupted. */
export default function serveExecutor(options: ServeOptions, context: ExecutorContext) {
  return runServiceTask(context, async ({ workspaceRoot, service, say }) => {
    // Below the project, so that external packages are resolved like from the service's own folder.
    const outfile = join(workspaceRoot, service.root, 'node_modules', '.micro', 'serve.mjs');
    let running: NodeProcess | undefined;
    let turn = Promise.resolve();
    const restart = async () => {
      await running?.stop();
      running = startNode(outfile, {
        cwd: join(workspaceRoot, service.root),
        args: ['--enable-source-maps', ...inspectArguments(options.inspect ?? false, service.port)],
      });
    };
    const watcher = await watchBundle(
      { workspaceRoot, projectRoot: service.root, build: service.build, outfile },
      ({ error, warnings }) => {
        for (const warning of warnings) say(`${service.name}  warning: ${warning}`);
        if (error) return console.error(error.message);
        say(
          formatStep(
            service.name,
            running ? 'restarted' : 'serving',
            `http://localhost:${service.port}`,
          ),
        );
        turn = turn.then(restart);
      },
    );
    await interrupted();
    await watcher.stop();
    await turn;
    await running?.stop();
  });
}

function inspectArguments(inspect: boolean | number, port: number): string[] {
  if (inspect === false) return [];
  return [`--inspect=127.0.0.1:${inspect === true ? debugPort(port) : inspect}`];
}

/**
 * The same port for the same service each time, so that an editor's launch configuration can name it,
 * and another one for each: the first service has Node's own 9229.
 */
export function debugPort(port: number): number {
  const debug = 9229 + port - FIRST_PORT;
  return debug <= 65535 ? debug : debug - 65535 + 1024;
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve());
    }
  });
}
