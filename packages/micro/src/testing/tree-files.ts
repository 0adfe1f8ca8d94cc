import type { Tree } from '@nx/devkit';
import { format } from 'prettier';

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

/** The same files, with the TypeScript in the format that Nx gives a new workspace. */
export async function formattedModules(
  files: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const entries = Object.entries(files).map(async ([path, text]) => [
    path,
    path.endsWith('.ts') ? await format(text, { parser: 'typescript', singleQuote: true }) : text,
  ]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}
