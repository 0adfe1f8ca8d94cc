import { readNxJson, type Tree } from '@nx/devkit';
import { packageScripts, scriptTargets, type ScriptTarget } from './init/nx-json';

/**
 * The package.json of a library whose sources services bundle, check and test: there is nothing to build first.
 *
 * @param targets those that it has, as scripts if nothing infers them.
 */
export function sourceLibrary(tree: Tree, packageName: string, targets: readonly ScriptTarget[]) {
  const written = scriptTargets(readNxJson(tree) ?? {}).filter((one) => targets.includes(one));
  return {
    name: packageName,
    version: '0.0.0',
    private: true,
    type: 'module',
    exports: { '.': './src/index.ts', './package.json': './package.json' },
    scripts: packageScripts(written),
  };
}
