import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { readEntries, type Entry } from '../../../tools/generated/entries';
import { ROOT } from '../../../tools/generated/file';

/** One option, as schema.json and as the code has it: both sides in the same words. */
interface Option {
  required: boolean;
  /** `string`, `number`, `boolean`, `list`, `map`, or the values of an enum. */
  takes: string[];
}

interface PropertySchema {
  type?: string | string[];
  enum?: string[];
  oneOf?: PropertySchema[];
  anyOf?: PropertySchema[];
}

const entries = [...readEntries('generator'), ...readEntries('executor')];
const program = ts.createProgram(
  entries.map(({ implementation }) => join(ROOT, `${implementation}.ts`)),
  {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  },
);
const checker = program.getTypeChecker();

/** Nx hands over what schema.json lets through, so the type that the code trusts has to say the same. */
describe.each(entries)('options of $kind $name', (entry) => {
  test('are the same in schema.json and in the code', () => {
    expect(optionsInCode(entry)).toEqual(optionsInSchema(entry));
  });
});

function optionsInSchema({ schema }: Entry): Record<string, Option> {
  const { properties = {}, required = [] } = JSON.parse(
    readFileSync(join(ROOT, schema), 'utf8'),
  ) as { properties?: Record<string, PropertySchema>; required?: string[] };
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      { required: required.includes(name), takes: [...new Set(takenBySchema(property))].sort() },
    ]),
  );
}

function takenBySchema({ type, enum: values, oneOf, anyOf }: PropertySchema): string[] {
  if (values) return values;
  const branches = oneOf ?? anyOf;
  if (branches) return branches.flatMap(takenBySchema);
  const words: Record<string, string> = { integer: 'number', array: 'list', object: 'map' };
  return [type ?? []].flat().map((one) => words[one] ?? one);
}

/** What the type of the function's options says; Nx calls it with them. */
function optionsInCode({ kind, implementation }: Entry): Record<string, Option> {
  const source = program.getSourceFile(join(ROOT, `${implementation}.ts`))!;
  const module = checker.getSymbolAtLocation(source)!;
  const exported = checker.getExportsOfModule(module).find(({ name }) => name === 'default')!;
  const [signature] = checker.getTypeOfSymbol(exported).getCallSignatures();
  const parameter = signature!.getParameters()[kind === 'generator' ? 1 : 0];
  if (!parameter) return {};
  const type = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
  return Object.fromEntries(
    checker.getPropertiesOfType(type).map((property) => {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const value = checker.getNonNullableType(checker.getTypeOfSymbol(property));
      return [property.name, { required: !isOptional, takes: takenByCode(value) }];
    }),
  );
}

/** Of a list that may come as one text with commas, the list is what schema.json says. */
function takenByCode(type: ts.Type): string[] {
  const parts = [...new Set((type.isUnion() ? type.types : [type]).map(wordOf))].sort();
  return parts.includes('list') ? parts.filter((part) => part !== 'string') : parts;
}

function wordOf(type: ts.Type): string {
  if (type.isStringLiteral()) return type.value;
  if (type.flags & ts.TypeFlags.BooleanLike) return 'boolean';
  if (type.flags & ts.TypeFlags.NumberLike) return 'number';
  if (type.flags & ts.TypeFlags.StringLike) return 'string';
  return checker.isArrayType(type) ? 'list' : 'map';
}
