import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { LabError } from '../program.js';
import { runTyped, versionOf } from './packages.js';

interface Template {
  Description: string;
  Resources: Record<string, unknown>;
}

/**
 * Synthesizes a stack, and compares it with a template of CloudFormation.
 *
 * @returns what was found.
 * @throws LabError if TypeScript refuses the stack, or a resource differs.
 */
export async function checkStack(folder: string, stack: string, template: string): Promise<string> {
  const out = join(folder, 'cdk.out');
  // As the CDK's command line tells it where to.
  await runTyped(folder, 'stack.ts', stack, { CDK_OUTDIR: out });
  const files = (await readdir(out)).filter((name) => name.endsWith('.template.json'));
  const made = JSON.parse(await readFile(join(out, files[0]!), 'utf8')) as Template;
  const ours = parse(template, { version: '1.1' }) as Template;
  const names = Object.keys({ ...ours.Resources, ...made.Resources });
  const differ = names.filter(
    (name) => !isDeepStrictEqual(inOrder(made.Resources[name]), inOrder(ours.Resources[name])),
  );
  if (differ.length > 0)
    throw new LabError(`the stack differs from the template: ${differ.join()}`);
  if (made.Description !== ours.Description) throw new LabError('the description differs');
  return `${versionOf('aws-cdk-lib')}: ${names.length} resources, the same as in the template`;
}

/** The CDK sorts tags by their key. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => [
      key,
      key === 'Tags' ? (inside as { Key: string }[]).toSorted(byKey) : inOrder(inside),
    ]),
  );
}

function byKey(a: { Key: string }, b: { Key: string }): number {
  return a.Key < b.Key ? -1 : 1;
}
