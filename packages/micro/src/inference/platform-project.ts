import type { TargetConfiguration } from '@nx/devkit';

/** Names for the project that `environments/` is, the first that no other project has. */
const NAMES = ['platform', 'environments', 'platform-environments'];

/** Files with which Nx makes a folder a project. */
export const PROJECT_FILES = ['project.json', 'package.json'];

/** A file that may give a project its name. */
export interface ProjectFile {
  /** Of the folder that it is in. */
  folder: string;
  text: string;
}

/**
 * How the project of the platform is called; `undefined` if each of its names is taken. Two
 * projects of one name would break the graph of the whole workspace, so whatever may be a name counts.
 */
export function platformProjectName(files: readonly ProjectFile[]): string | undefined {
  return NAMES.find((name) => {
    const named = new RegExp(`"name"\\s*:\\s*"${name}"`);
    return files.every(({ folder, text }) => folder !== name && !named.test(text));
  });
}

/** What can be asked of a whole platform, in each of its environments. */
const COMMANDS: Readonly<Record<string, string>> = {
  status: 'Show what is running and how it differs from what you declared',
  logs: 'Show the logs of all services, merged by time',
  topology: 'Show who calls whom',
  doctor: 'Check what prevents a build or a deploy from this machine',
  backup: 'Dump the databases',
  restore: 'Replace the data of databases by a backup',
};

/** As file names say them; no other is handed to a shell. */
const ENVIRONMENT = /^[a-z0-9][a-z0-9_-]*$/i;

/**
 * The targets of the project of the platform: its commands as `npx micro` has them, for people and
 * programs that know Nx. No target has a name that services or libraries have.
 */
export function platformTargets(
  environments: readonly string[],
): Record<string, TargetConfiguration> {
  const names = environments.filter((name) => ENVIRONMENT.test(name));
  const target = (
    description: string,
    command: string,
    configurations: Readonly<Record<string, string>>,
  ): TargetConfiguration => ({
    executor: 'nx:run-commands',
    cache: false,
    // Without any input, Nx 24 treats it as affected by every change.
    inputs: ['{projectRoot}/**/*'],
    options: { command },
    configurations: Object.fromEntries(
      Object.entries(configurations).map(([name, its]) => [name, { command: its }]),
    ),
    metadata: {
      technologies: ['containers'],
      description,
      help: { command: `npx ${command} --help`, example: {} },
    },
  });
  const commands = Object.entries(COMMANDS).map(([name, description]) => [
    name,
    target(
      description,
      `micro ${name}`,
      Object.fromEntries(names.map((one) => [one, `micro ${name} --environment ${one}`])),
    ),
  ]);
  const [first = ''] = names.includes('development') ? ['development'] : names;
  const others = names.filter((name) => name !== first);
  return {
    ...(Object.fromEntries(commands) as Record<string, TargetConfiguration>),
    diff: target(
      'Show how two environments differ',
      'micro diff',
      Object.fromEntries(others.map((one) => [one, `micro diff ${first} ${one}`])),
    ),
  };
}
