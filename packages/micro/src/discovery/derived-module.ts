import { formatDrift, formatStale, type DerivedFile } from '../platform/derived-file';
import { isSameCode, wordsOf } from './same-code';

/** A module of a service that is wholly ours. */
export interface DerivedModule {
  /** Relative to the workspace root. */
  path: string;
  text: string;
  /** The variables in it, which messages about drift name. */
  variables: readonly string[];
  /** Tells such a variable from other names and texts in the module. */
  pattern: RegExp;
}

/** Made again if it says something else; left alone if only its format differs. */
export function convergeModule(
  { path, text, variables, pattern }: DerivedModule,
  current: string | undefined,
): DerivedFile {
  if (current === undefined) return { path, text, drift: ['the file is missing'] };
  if (isSameCode(current, text)) return { path, text: current, drift: [] };
  const present = wordsOf(current).filter((word) => pattern.test(word));
  const drift = [
    ...present.filter((name) => !variables.includes(name)).map(formatStale),
    ...variables
      .filter((name) => !present.includes(name))
      .map((name) => formatDrift(name, undefined, name)),
  ];
  return {
    path,
    text,
    drift: drift.length > 0 ? drift : ['it was edited; nx sync replaces it'],
  };
}
