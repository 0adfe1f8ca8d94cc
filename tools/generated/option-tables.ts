import { format, resolveConfig } from 'prettier';
import { join } from 'node:path';
import { readEntries, type Entry, type EntryKind } from './entries.js';
import { readCommitted, ROOT, type GeneratedFile } from './file.js';

interface Option {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  alias?: string;
  aliases?: string[];
  items?: Option;
  oneOf?: Option[];
  anyOf?: Option[];
  $default?: { $source: string; index?: number };
  'x-priority'?: string;
}

interface OptionsSchema {
  description?: string;
  properties?: Record<string, Option>;
  required?: string[];
  examples?: { command: string; description?: string }[];
}

const INTRODUCTION: Record<EntryKind, string> = {
  generator:
    'Run with `npx nx g @org/micro:<name>`. Each asks for what it needs, shows what it would do with `--dry-run`, and can be run again: what you edited stays.',
  executor:
    'The plugin infers a target for each of these from `service.yml`; set options under `targets` in the project, or for all services under `targetDefaults` in `nx.json`.',
};

/** docs/generators.md and docs/executors.md, from the same files that Nx reads. */
export function optionTables(): Promise<GeneratedFile[]> {
  return Promise.all([optionTable('generator'), optionTable('executor')]);
}

async function optionTable(kind: EntryKind): Promise<GeneratedFile> {
  const path = `docs/${kind}s.md`;
  const sections = readEntries(kind).map((entry) => formatEntry(entry, readSchema(entry)));
  const text = [
    `<!-- Written by \`npm run docs\` from ${kind}s.json and each schema.json. -->`,
    `# ${kind === 'generator' ? 'Generators' : 'Executors'}`,
    INTRODUCTION[kind],
    ...sections,
  ].join('\n\n');
  const config = await resolveConfig(join(ROOT, path));
  return { path, text: await format(text, { ...config, parser: 'markdown' }) };
}

function readSchema({ schema }: Entry): OptionsSchema {
  return JSON.parse(readCommitted(schema) || '{}') as OptionsSchema;
}

function formatEntry(entry: Entry, schema: OptionsSchema): string {
  const options = Object.entries(schema.properties ?? {}).sort(
    ([a], [b]) => rank(schema, a) - rank(schema, b),
  );
  return [
    `## ${entry.name}`,
    schema.description ?? entry.description,
    ...formatExamples(schema.examples ?? []),
    options.length === 0 ? 'No options.' : formatOptions(options, schema.required ?? []),
  ].join('\n\n');
}

function formatExamples(examples: readonly { command: string; description?: string }[]): string[] {
  if (examples.length === 0) return [];
  const lines = examples.flatMap(({ command, description }) => [
    ...(description ? [`# ${description}`] : []),
    command,
  ]);
  return [['```bash', ...lines, '```'].join('\n')];
}

function formatOptions(options: readonly [string, Option][], required: readonly string[]): string {
  const rows = options.map(([name, option]) =>
    [
      formatName(name, option),
      formatType(option),
      required.includes(name) ? 'required' : formatDefault(option.default),
      option.description ?? '',
    ].map(escapeCell),
  );
  return [['Option', 'Type', 'Default', 'What it does'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function formatName(name: string, { alias, aliases = [], $default }: Option): string {
  const short = [alias, ...aliases].filter((one) => one !== undefined);
  return [
    [name, ...short].map((one) => `\`${one}\``).join(', '),
    ...($default?.$source === 'argv' ? ['(positional)'] : []),
  ].join(' ');
}

function formatType(option: Option): string {
  const variants = option.oneOf ?? option.anyOf;
  if (variants) return [...new Set(variants.map(formatType))].join(' or ');
  if (option.enum) return option.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (option.type === 'array') return `${formatType(option.items ?? {})}[]`;
  return [option.type ?? 'any'].flat().join(' or ');
}

function formatDefault(value: unknown): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

/** Required options first, internal ones of Nx last; otherwise in the order of the schema. */
function rank({ required = [], properties = {} }: OptionsSchema, name: string): number {
  if (required.includes(name)) return 0;
  return properties[name]?.['x-priority'] === 'internal' ? 2 : 1;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<').replaceAll('\n', ' ');
}
