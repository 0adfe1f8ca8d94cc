import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { platformTargets } from '../../packages/micro/src/inference/platform-project.js';
import { protoTargets } from '../../packages/micro/src/inference/proto-project.js';
import {
  DEFAULT_TARGET_NAMES,
  serviceTargets,
} from '../../packages/micro/src/inference/targets.js';
import { readEntries } from '../generated/entries.js';
import { readCommitted, ROOT } from '../generated/file.js';

interface OptionsSchema {
  properties?: Record<string, { $default?: { $source: string } }>;
}

/** Options of Nx itself: for generators, and for commands that run targets. */
const OF_NX_GENERATE = [
  'dry-run',
  'd',
  'interactive',
  'no-interactive',
  'quiet',
  'verbose',
  'help',
];
const OF_NX_RUN = [
  ...['c', 'configuration', 't', 'target', 'targets', 'p', 'projects', 'exclude', 'all', 'help'],
  ...['base', 'head', 'files', 'parallel', 'skip-nx-cache', 'verbose', 'graph', 'output-style'],
  ...['exclude-task-dependencies', 'excludeTaskDependencies'],
];
/** Commands of Nx in examples that run no target of ours. */
const OTHER_NX = [
  'add',
  'sync',
  'sync:check',
  'graph',
  'show',
  'migrate',
  'reset',
  'report',
  'list',
  'connect',
  'release',
];
/** Targets of a service besides ours. */
const SCRIPTS = ['lint', 'test', 'typecheck'];

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const targets = serviceTargets(
  { root: 'apps/orders', environments: [], bundlers: [], schemas: [], isFunction: true },
  DEFAULT_TARGET_NAMES,
);
const ofPlatform = Object.keys(platformTargets(['development']));
const ofContracts = Object.keys(protoTargets('packages/orders-proto', 'main'));

/** What is wrong with a command of an example. Commands of other programs are not checked. */
export async function commandProblem(words: readonly string[]): Promise<string | undefined> {
  const [program, ...args] = words[0] === 'npx' ? words.slice(1) : words;
  if (program === 'micro') return microProblem(args);
  return program === 'nx' ? nxProblem(args) : undefined;
}

function nxProblem([command = '', ...args]: readonly string[]): string | undefined {
  if (command === 'g' || command === 'generate') return generatorProblem(args);
  if (command === 'run-many' || command === 'affected') return targetsProblem(valuesOf(args), args);
  if (command === 'run') {
    return targetsProblem([(args[0] ?? '').split(':')[1] ?? ''], args);
  }
  return OTHER_NX.includes(command) ? undefined : targetsProblem([command], args);
}

function generatorProblem([name = '', ...args]: readonly string[]): string | undefined {
  const [collection, generator] = name.split(':');
  if (collection !== '@org/micro') return undefined;
  const entry = readEntries('generator').find((candidate) => candidate.name === generator);
  if (!entry) return `there is no generator "${name}"`;
  const { properties = {} } = JSON.parse(readCommitted(entry.schema)) as OptionsSchema;
  const words = args.filter((arg) => !arg.startsWith('-'));
  const positions = Object.values(properties).filter(
    ({ $default }) => $default?.$source === 'argv',
  );
  if (words.length > positions.length)
    return `${name} takes ${positions.length} words, not ${words.length}`;
  return unknownOption(args, [...Object.keys(properties).map(kebab), ...OF_NX_GENERATE], name);
}

function targetsProblem(names: readonly string[], args: readonly string[]): string | undefined {
  if (names.length === 0) return 'no target is named: -t';
  const known = [...Object.keys(targets), ...ofPlatform, ...ofContracts, ...SCRIPTS];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return `there is no target "${unknown}"`;
  const executors = names.map((name) => targets[name]?.executor?.split(':')[1]);
  const options = readEntries('executor')
    .filter(({ name }) => executors.includes(name))
    .flatMap(({ schema }) =>
      Object.keys((JSON.parse(readCommitted(schema)) as OptionsSchema).properties ?? {}),
    );
  // These pass their options to a command: of micro, or of buf.
  if (names.some((name) => [...ofPlatform, ...ofContracts].includes(name))) return undefined;
  return unknownOption(args, [...options, ...options.map(kebab), ...OF_NX_RUN], names.join(', '));
}

/** `-t lint test` -> lint, test */
function valuesOf(args: readonly string[]): string[] {
  const at = args.findIndex((arg) => ['-t', '--target', '--targets'].includes(arg));
  if (at < 0) return args.flatMap((arg) => /^--targets?=(.+)$/.exec(arg)?.[1]?.split(',') ?? []);
  const rest = args.slice(at + 1);
  const end = rest.findIndex((arg) => arg.startsWith('-'));
  return (end < 0 ? rest : rest.slice(0, end)).flatMap((arg) => arg.split(','));
}

async function microProblem([name = '', ...args]: readonly string[]): Promise<string | undefined> {
  const folder = join(ROOT, 'packages/micro/src/commands');
  const known = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  if (!known.includes(name)) return `there is no command "micro ${name}"`;
  const module = (await import(join(folder, name, 'command.ts'))) as Record<string, unknown>;
  const usage = Object.entries(module).find(([key]) => key.endsWith('USAGE'))?.[1];
  if (typeof usage !== 'string') return `"micro ${name}" has no usage`;
  const options = [...usage.matchAll(/(?<=[\s[|,(])--?([a-z][a-z-]*)/g)].map(
    ([, option]) => option!,
  );
  return unknownOption(args, [...options, 'help'], `micro ${name}`);
}

function unknownOption(
  args: readonly string[],
  known: readonly string[],
  what: string,
): string | undefined {
  const unknown = args
    .filter((arg) => /^--?[A-Za-z]/.test(arg))
    .map((arg) => arg.replace(/^--?/, '').replace(/=.*$/s, ''))
    .find((option) => !known.includes(option));
  return unknown === undefined ? undefined : `${what} has no option "${unknown}"`;
}
