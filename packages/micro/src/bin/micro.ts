#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { styleText } from 'node:util';
import type { Command, Paint } from '../commands/shell';
import { plain } from '../commands/shell';
import { systemClock } from '../effects/clock';
import { engineRunner } from '../effects/engine-runner';
import { findWorkspaceRoot } from '../effects/workspace-projects';
import { UserError } from '../platform/user-error';
import { didYouMean } from '../platform/yaml-source';
import { liveLines } from '../terminal/live-line';

const USAGE = `usage: micro <command>

  build <project root>   bundle a service into dist/<project root> without Nx; Dockerfiles use this
  env                    write missing passwords and keys to .env
  status                 show what is running and how it differs from what you declared
  logs [services...]     show the logs of all services by time, of one request, or as they come
  topology               show who calls whom: as Mermaid, as an HTML page, or with what is running
  backup [services...]   dump the databases of an environment
  restore <backup>       replace the data of databases by a backup
  diff <one> <other>     show how two environments differ
  render                 write the Kubernetes objects or the AWS inputs of an environment
  bases                  show the base images of all services, and pin them by digest
  doctor                 check what prevents a build or a deploy from this machine

  micro <command> --help shows the options.
`;

/** Each is loaded only if it is called: `micro build` in a Dockerfile needs none of the others. */
const COMMANDS: Record<string, () => Promise<{ command: Command; usage: string }>> = {
  build: async () => {
    const { buildCommand, BUILD_USAGE } = await import('../commands/build/command.js');
    return { command: buildCommand, usage: BUILD_USAGE };
  },
  env: async () => {
    const { envCommand, ENV_USAGE } = await import('../commands/env/command.js');
    return { command: envCommand, usage: ENV_USAGE };
  },
  status: async () => {
    const { statusCommand, STATUS_USAGE } = await import('../commands/status/command.js');
    return { command: statusCommand, usage: STATUS_USAGE };
  },
  logs: async () => {
    const { logsCommand, LOGS_USAGE } = await import('../commands/logs/command.js');
    return { command: logsCommand, usage: LOGS_USAGE };
  },
  topology: async () => {
    const { topologyCommand, TOPOLOGY_USAGE } = await import('../commands/topology/command.js');
    return { command: topologyCommand, usage: TOPOLOGY_USAGE };
  },
  backup: async () => {
    const { backupCommand, BACKUP_USAGE } = await import('../commands/backup/command.js');
    return { command: backupCommand, usage: BACKUP_USAGE };
  },
  restore: async () => {
    const { restoreCommand, RESTORE_USAGE } = await import('../commands/restore/command.js');
    return { command: restoreCommand, usage: RESTORE_USAGE };
  },
  diff: async () => {
    const { diffCommand, DIFF_USAGE } = await import('../commands/diff/command.js');
    return { command: diffCommand, usage: DIFF_USAGE };
  },
  render: async () => {
    const { renderCommand, RENDER_USAGE } = await import('../commands/render/command.js');
    return { command: renderCommand, usage: RENDER_USAGE };
  },
  bases: async () => {
    const { basesCommand, BASES_USAGE } = await import('../commands/bases/command.js');
    return { command: basesCommand, usage: BASES_USAGE };
  },
  doctor: async () => {
    const { doctorCommand, DOCTOR_USAGE } = await import('../commands/doctor/command.js');
    return { command: doctorCommand, usage: DOCTOR_USAGE };
  },
};

const HELP = new Set(['--help', '-h', 'help']);

const screen = liveLines(process.stdout);

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  if (HELP.has(name)) {
    console.log(USAGE.trimEnd());
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) throw new UserError(name === '' ? USAGE : unknownCommand(name));
  const { command, usage } = await load();
  if (args.some((argument) => argument !== 'help' && HELP.has(argument))) {
    console.log(usage.trimEnd());
    return 0;
  }
  const workspaceRoot = findWorkspaceRoot(process.cwd());
  let signal: AbortSignal | undefined;
  return command(args, {
    workspaceRoot,
    runner: engineRunner(workspaceRoot),
    clock: systemClock,
    // Read only by commands that run until they are stopped: Ctrl-C ends the others by itself.
    get signal() {
      return (signal ??= interrupted());
    },
    isTerminal: process.stdout.isTTY === true,
    ...(process.stdout.isTTY ? screen : { say: (line: string) => console.log(line) }),
    paint: seesColours() ? coloured : plain,
  });
}

function unknownCommand(name: string): string {
  const names = Object.keys(COMMANDS);
  return `there is no command "${name}"${didYouMean(name, names)}\n\n${USAGE}`;
}

/** Aborts at the first Ctrl-C; a second one ends the process as usual. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  // There is one listener per container whose log is followed.
  setMaxListeners(0, controller.signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort());
  }
  return controller.signal;
}

const coloured: Paint = (colour, text) => styleText(colour, text);

function seesColours(): boolean {
  if (process.env['NO_COLOR']) return false;
  return Boolean(process.env['FORCE_COLOR']) || process.stdout.isTTY === true;
}

// Whoever reads it has enough: `micro logs | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

main(process.argv.slice(2)).then(
  (exitCode) => {
    screen.clear();
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    screen.clear();
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  },
);
