/** The way to a package that Yarn's Plug'n'Play has in an archive, or unpacked in a folder of its own. */
const PLACE = /^(.*?)node_modules\//;

/**
 * Takes the places of archives out of a bundle: in comments and names of modules, esbuild writes the path of each file,
 * and archives of Yarn lie in the home folder of each person. What is left is as if they were in `node_modules`.
 *
 * @param inputs paths of the files in the bundle, as esbuild names them.
 */
export function withoutArchivePaths(code: string, inputs: readonly string[]): string {
  const places = new Set(inputs.flatMap((path) => PLACE.exec(path)?.[1] || []));
  return [...places].reduce(
    (text, place) => text.replaceAll(`${place}node_modules/`, 'node_modules/'),
    code,
  );
}
