import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { globSync } from 'tinyglobby';
import { secretReason } from '../artifact/secret-files';

/** Files for the artifact, and what must not get into an image. */
export interface Assets {
  /** Relative to the project, sorted. */
  files: string[];
  /** Each with the index of the glob that matched it. */
  problems: { index: number; message: string }[];
}

/** The files of a project that match the globs. Never includes node_modules or files outside the project. */
export function findAssets(directory: string, globs: readonly string[]): Assets {
  const files = new Set<string>();
  const problems: Assets['problems'] = [];
  const root = realpathSync(directory);
  globs.forEach((glob, index) => {
    const found = globSync([glob], {
      cwd: directory,
      dot: true,
      expandDirectories: true,
      ignore: ['**/node_modules/**'],
    });
    for (const file of found.sort()) {
      const problem = whyNot(root, directory, file);
      if (problem === undefined) files.add(file);
      else problems.push({ index, message: problem });
    }
  });
  return { files: [...files].sort(), problems };
}

function whyNot(root: string, directory: string, file: string): string | undefined {
  const real = realpathSync(join(directory, file));
  const inside = relative(root, real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    const what = file.split('/').includes('..') ? 'is' : 'is, through a symbolic link,';
    return `${file} ${what} outside the project: assets must be files of the project; copy it there`;
  }
  if (!statSync(real).isFile()) return undefined;
  const reason = secretReason(file, () => readFileSync(real, 'latin1'));
  return reason === undefined
    ? undefined
    : `${file} ${reason}, and everybody who has the image could read it: pass it to the container with "secrets" of an environment, or rename the file if it contains no secret`;
}
