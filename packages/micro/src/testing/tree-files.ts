import type { Tree } from '@nx/devkit';

/** Every file of a tree with its text, to compare before and after. */
export function treeFiles(tree: Tree, folder = '.'): Record<string, string> {
  return Object.fromEntries(
    tree
      .children(folder)
      .map((name) => (folder === '.' ? name : `${folder}/${name}`))
      .flatMap((path) =>
        tree.isFile(path)
          ? [[path, tree.read(path, 'utf8') ?? '']]
          : Object.entries(treeFiles(tree, path)),
      ),
  );
}
