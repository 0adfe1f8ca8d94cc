import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Foundation } from '../../packages/micro/src/ecs/foundation/resources.js';
import { mustRun, run, succeeded } from '../command.js';
import { LabError } from '../program.js';
import { runTyped, versionOf } from './packages.js';

type Arguments = Record<string, unknown>;
/** By kind (`resource`, `data`), type and name. */
type Blocks = Record<'resource' | 'data', Record<string, Record<string, [Arguments] | Arguments>>>;

interface Entry {
  kind: 'resource' | 'data';
  type: string;
  name: string;
  given: Arguments;
}

/**
 * Reads a file of Terraform into the typed constructs of the provider, which are made of its schema, and compares what they
 * write with the file: an argument that the provider does not have would be refused by TypeScript, and lost.
 *
 * @returns what was found.
 * @throws LabError if TypeScript refuses an argument, or a resource differs.
 */
export async function checkMain(folder: string, main: string): Promise<string> {
  const require = createRequire(join(folder, 'package.json'));
  const { parse } = require('@cdktf/hcl2json') as {
    parse: (name: string, text: string) => Promise<Blocks>;
  };
  const entries = entriesOf(await parse('main.tf', main));
  const written = entriesOf(
    JSON.parse(await runTyped(folder, 'main.ts', programOf(entries))) as Blocks,
  );
  const texts = (all: readonly Entry[]) => new Map(all.map((entry) => [idOf(entry), entry.given]));
  const [ours, theirs] = [texts(entries), texts(written)];
  const differ = [...new Set([...ours.keys(), ...theirs.keys()])].filter(
    (id) => !isDeepStrictEqual(bare(ours.get(id)), bare(theirs.get(id))),
  );
  if (differ.length > 0) throw new LabError(`the provider reads otherwise: ${differ.join()}`);
  return `${versionOf('@cdktf/provider-aws')}: ${entries.length} blocks, read and written alike`;
}

/**
 * Asks Terraform whether it would format the file otherwise, and what it makes of the policies.
 *
 * @returns what was found.
 * @throws LabError if it would, or a policy differs from the template's.
 */
export async function checkPolicies(
  folder: string,
  main: string,
  { resources }: Foundation,
): Promise<string> {
  const cwd = join(folder, 'terraform');
  await mkdir(cwd);
  await writeFile(join(cwd, 'main.tf'), main);
  // It would ask for its newest version.
  const options = { cwd, env: { CHECKPOINT_DISABLE: '1' } };
  const version = await run('terraform', ['version', '-json'], options);
  if (version.kind === 'not-found') return 'terraform is not installed: it checked nothing';
  if (!succeeded(version)) throw new LabError(version.stderr);
  await mustRun('terraform', ['fmt', '-check', '-diff'], options);

  // Without the provider, only expressions can be evaluated.
  const calls = [...main.matchAll(/= (jsonencode\(.*?^ {2}\}\))$/gms)].map(([, call]) => call!);
  const locals = `locals {\n  all = [${calls.join(',\n')}]\n}\n`;
  await writeFile(join(cwd, 'main.tf'), `${locals}output "all" {\n  value = local.all\n}\n`);
  await mustRun('terraform', ['apply', '-auto-approve', '-input=false'], options);
  const output = await mustRun('terraform', ['output', '-json', 'all'], options);
  const documents = (JSON.parse(output) as string[]).map((text) => JSON.parse(text) as unknown);
  const expected = Object.values(resources).flatMap((resource) => {
    if (resource.Type !== 'AWS::IAM::Role') return [];
    const { AssumeRolePolicyDocument: trust, Policies: policies = [] } = resource.Properties;
    return [trust, ...policies.map(({ PolicyDocument: document }) => document)];
  });
  if (!isDeepStrictEqual(documents, expected)) throw new LabError('terraform makes other policies');
  const { terraform_version: name } = JSON.parse(version.stdout) as { terraform_version: string };
  return `terraform ${name}: would not format it otherwise, and makes the same ${documents.length} policies`;
}

/** A program that makes each block as a construct of the provider. */
function programOf(entries: readonly Entry[]): string {
  const constructs = entries.map((entry, index) => {
    const words = [
      ...(entry.kind === 'data' ? ['data', 'aws'] : []),
      ...entry.type.split('_').slice(1),
    ];
    const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
    const config = JSON.stringify(configOf(entry.given));
    return {
      import: `import { ${name} as C${index} } from '@cdktf/provider-aws/lib/${words.join('-')}/index.js';`,
      make: `new C${index}(stack, '${idOf(entry)}', ${config}).overrideLogicalId('${entry.name}');`,
    };
  });
  return [
    `import { TerraformStack, Testing } from 'cdktf';`,
    ...constructs.map((one) => one.import),
    `const stack = new TerraformStack(Testing.app(), 'foundation');`,
    ...constructs.map((one) => one.make),
    `console.log(JSON.stringify(stack.toTerraform()));`,
  ].join('\n');
}

/** Blocks of which a resource has one at most: the parser gives a list of every block. */
const SINGLE: ReadonlySet<string> = new Set(['image_scanning_configuration', 'lifecycle']);

function configOf(given: Arguments): Arguments {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const one = SINGLE.has(key) ? (value as Arguments[])[0] : value;
      return [camelCase(key), key === 'tags' ? one : configValue(one)];
    }),
  );
}

function configValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(configValue);
  return typeof value === 'object' && value !== null ? configOf(value as Arguments) : value;
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function entriesOf(blocks: Blocks): Entry[] {
  return (['data', 'resource'] as const).flatMap((kind) =>
    Object.entries(blocks[kind]).flatMap(([type, byName]) =>
      Object.entries(byName).map(([name, given]) => ({
        ...{ kind, type, name },
        given: Array.isArray(given) ? given[0] : given,
      })),
    ),
  );
}

function idOf({ kind, type, name }: Entry): string {
  return `${kind}.${type}.${name}`;
}

/** Without comments, and a block as its list of one. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? bare(value[0]) : value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.entries(value).filter(([key]) => key !== '//');
  return Object.fromEntries(own.map(([key, inside]) => [key, bare(inside)]));
}
