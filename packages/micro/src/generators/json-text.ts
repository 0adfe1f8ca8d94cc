import type { Tree } from '@nx/devkit';
import { applyEdits, modify } from 'jsonc-parser';
import { isDeepStrictEqual } from 'node:util';

/** The value that belongs at a path of a JSON file. */
export interface JsonEdit {
  path: (string | number)[];
  from: unknown;
  to: unknown;
}

/** Writes what changed and nothing else: a person's comments and layout stay. */
export function editJson(tree: Tree, file: string, edits: readonly JsonEdit[]): void {
  const before = tree.read(file, 'utf8') ?? '{}';
  const after = edits
    .filter(({ from, to }) => !isDeepStrictEqual(from, to))
    .reduce(
      (text, { path, to }) =>
        applyEdits(
          text,
          modify(text, path, to, { formattingOptions: { insertSpaces: true, tabSize: 2 } }),
        ),
      before,
    );
  if (after !== before) tree.write(file, after);
}
