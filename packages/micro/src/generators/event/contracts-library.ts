import { generateFiles, OverwriteStrategy, readNxJson, writeJson, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import { CONTRACTS_ROOT, contractFile } from '../../platform/contracts-library';
import { eventFileName } from '../../platform/event';
import { packageScripts, scriptTargets } from '../init/nx-json';
import { joinWorkspace } from '../join-workspace';
import { CONTRACTS_VERSIONS } from '../versions';
import type { WorkspacePackageManager } from '../workspace-tree';
import { renderContract } from './contract';
import type { Field } from './fields';

/** The Nx project of the library. */
export const CONTRACTS_PROJECT = 'contracts';

interface ContractsLibrary {
  packageName: string;
  packageManager: WorkspacePackageManager;
}

/** Makes the library that services share contracts in, where there is none yet. */
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
  const targets = scriptTargets(readNxJson(tree) ?? {}).filter((target) => target !== 'test');
  writeJson(tree, packageJson, {
    name: packageName,
    version: '0.0.0',
    private: true,
    type: 'module',
    // Services bundle, check and test its sources: there is nothing to build first.
    exports: { '.': './src/index.ts', './package.json': './package.json' },
    scripts: packageScripts(targets),
    dependencies: CONTRACTS_VERSIONS,
    nx: { name: CONTRACTS_PROJECT },
  });
  joinWorkspace(tree, [
    { name: CONTRACTS_PROJECT, root: CONTRACTS_ROOT, packageManager, isNew: true },
  ]);
}

/** Writes an event's contract once, and exports it. */
export function generateContract(tree: Tree, event: string, fields: readonly Field[]): void {
  const file = contractFile(event);
  if (!tree.exists(file)) tree.write(file, renderContract(event, fields));
  const index = posix.join(CONTRACTS_ROOT, 'src/index.ts');
  const before = tree.read(index, 'utf8') ?? '';
  const after = addExport(before, `./events/${eventFileName(event)}.js`);
  if (after !== before) tree.write(index, after);
}

/** Adds an export in front of the first one that sorts behind it; other lines stay. */
export function addExport(text: string, module: string): string {
  const lines = text.split('\n');
  const exported = (line: string) =>
    /^export \* from ['"](\.\/events\/[^'"]+)['"];?$/.exec(line)?.[1];
  if (lines.some((line) => exported(line) === module)) return text;
  const next = lines.findIndex((line) => (exported(line) ?? '') > module);
  const end = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  lines.splice(next < 0 ? end : next, 0, `export * from '${module}';`);
  return lines.at(-1) === '' ? lines.join('\n') : `${lines.join('\n')}\n`;
}
