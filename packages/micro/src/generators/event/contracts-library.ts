import { generateFiles, OverwriteStrategy, writeJson, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { CONTRACTS_ROOT, contractFile } from '../../platform/contracts-library';
import { eventFileName } from '../../platform/event';
import { joinWorkspace } from '../join-workspace';
import { ownTools } from '../plug-and-play';
import { sourceLibrary } from '../source-library';
import { CONTRACTS_VERSIONS } from '../versions';
import type { WorkspacePackageManager } from '../workspace-tree';
import { renderContract, type ContractFacts } from './contract';

/** The Nx project of the library. */
export const CONTRACTS_PROJECT = 'contracts';

interface ContractsLibrary {
  packageName: string;
  packageManager: WorkspacePackageManager;
}

/**
 * Makes the library that services share contracts in, if there is none yet.
 *
 * Not with `libraryGenerator` of @nx/js: tried with 22.7.12 and 23.2.1, it formats nx.json and
 * tsconfig.json again and drops comments in them (nrwl/nx#4244, nrwl/nx#28484), adds packages to
 * the root that nothing here needs (nrwl/nx#26835), and in a workspace without project references it
 * makes path mappings instead of a package, which services could not resolve when they run.
 */
export function generateContractsLibrary(
  tree: Tree,
  { packageName, packageManager }: ContractsLibrary,
): void {
  const packageJson = posix.join(CONTRACTS_ROOT, 'package.json');
  if (tree.exists(packageJson)) return;
  generateFiles(
    tree,
    join(__dirname, 'files/library'),
    CONTRACTS_ROOT,
    { packageName, base: tree.exists('tsconfig.base.json') },
    { overwriteStrategy: OverwriteStrategy.KeepExisting },
  );
  const tools = ownTools(tree, ['@types/node']);
  writeJson(tree, packageJson, {
    ...sourceLibrary(tree, packageName, ['lint', 'typecheck']),
    dependencies: CONTRACTS_VERSIONS,
    ...(Object.keys(tools).length > 0 ? { devDependencies: tools } : {}),
    nx: { name: CONTRACTS_PROJECT },
  });
  joinWorkspace(tree, [
    { name: CONTRACTS_PROJECT, root: CONTRACTS_ROOT, packageManager, isNew: true },
  ]);
}

/** Writes an event's contract once, and exports it. */
export function generateContract(tree: Tree, event: string, facts: ContractFacts): void {
  const file = contractFile(event);
  if (!tree.exists(file)) tree.write(file, renderContract(event, facts));
  const index = posix.join(CONTRACTS_ROOT, 'src/index.ts');
  const before = tree.read(index, 'utf8') ?? '';
  const after = addExport(before, `./events/${eventFileName(event)}.js`);
  if (after !== before) tree.write(index, after);
}

/** Adds an export in front of the first one of an event that sorts behind it; other lines stay. */
export function addExport(text: string, module: string): string {
  const source = ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest, true);
  const exported = source.statements.flatMap((statement) => {
    const isOfModule = ts.isExportDeclaration(statement) && statement.moduleSpecifier;
    return isOfModule && ts.isStringLiteral(isOfModule)
      ? [{ statement, module: isOfModule.text }]
      : [];
  });
  if (exported.some((one) => one.module === module)) return text;
  const line = `export * from '${module}';\n`;
  const next = exported.find((one) => one.module.startsWith('./events/') && one.module > module);
  if (!next) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}`;
  const at = next.statement.getStart(source);
  return text.slice(0, at) + line + text.slice(at);
}
