import { formatDrift, formatStale, type DerivedFile } from '../platform/derived-file';

/** A module of a service that is wholly ours. */
export interface DerivedModule {
  /** Relative to the workspace root. */
  path: string;
  text: string;
  /** The variables that it is about, by which a drift is told. */
  variables: readonly string[];
  /** Finds such variables in what stands there, with the flag `g`. */
  pattern: RegExp;
}

/** Made anew where it says something else; left alone where only its format is another. */
export function convergeModule(
  { path, text, variables, pattern }: DerivedModule,
  current: string | undefined,
): DerivedFile {
  if (current === undefined) return { path, text, drift: ['the file is missing'] };
  if (ignoreFormat(current) === ignoreFormat(text)) return { path, text: current, drift: [] };
  const present = [...new Set(current.match(pattern) ?? [])];
  const drift = [
    ...present.filter((name) => !variables.includes(name)).map(formatStale),
    ...variables
      .filter((name) => !present.includes(name))
      .map((name) => formatDrift(name, undefined, name)),
  ];
  return { path, text, drift: drift.length > 0 ? drift : ['it was edited; it is made anew'] };
}

/** What is left where a workspace's Prettier has other quotes, semicolons, commas or indents. */
function ignoreFormat(text: string): string {
  return text.replace(/[\s;,]/g, '').replaceAll('"', "'");
}
