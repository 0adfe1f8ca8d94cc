import { join } from 'node:path';
import ts from 'typescript';
import { readCommitted, ROOT } from '../generated/file.js';

const PACKAGE = 'packages/chassis';

/** `@org/chassis/client` -> its source file */
const modules = new Map(
  Object.keys((JSON.parse(readCommitted(`${PACKAGE}/package.json`)) as { exports: object }).exports)
    .filter((key) => !key.endsWith('.json'))
    .map((key) => [
      `@org/chassis${key.slice(1)}`,
      join(ROOT, PACKAGE, 'src', `${key === '.' ? 'index' : key.slice(2)}.ts`),
    ]),
);

const program = ts.createProgram([...modules.values()], {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  skipLibCheck: true,
  noEmit: true,
});

/** Whether an entry of the chassis exports a name, as a value or a type. */
export function chassisExports(module: string, name: string): boolean {
  const source = program.getSourceFile(modules.get(module) ?? '');
  const symbol = source && program.getTypeChecker().getSymbolAtLocation(source);
  return (
    symbol !== undefined &&
    program
      .getTypeChecker()
      .getExportsOfModule(symbol)
      .some((one) => one.name === name)
  );
}
