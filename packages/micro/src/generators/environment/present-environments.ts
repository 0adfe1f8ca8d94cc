import type { Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { parseDocument } from 'yaml';
import { parseAnyEnvironment, type AnyEnvironment } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import { newEnvironments } from '../init/root-files';
import { readTreeEnvironments } from '../workspace-tree';

/**
 * What happens to a file that is there: it is kept, unless it is as `init` wrote it and another engine is asked for.
 *
 * @throws {UserError} if it is for another engine and a person edited it.
 */
export function planReplacement(
  name: string,
  text: string,
  engine: AnyEnvironment['engine'],
): 'keep' | 'replace' {
  const present = parsed(name, text);
  if (!present || present.engine === engine) return 'keep';
  if (isAsMade(name, text)) return 'replace';
  throw new UserError(
    `${present.file} already exists, is for "engine: ${present.engine}" and has your edits: choose another name, or delete it and run this again`,
  );
}

function isAsMade(name: string, text: string): boolean {
  const { registry } = parsed(name, text) ?? {};
  const file = environmentFile(name);
  const made = [undefined, registry].map((one) => newEnvironments(one)[file]);
  return made.some((one) => one !== undefined && withoutRegistry(one) === withoutRegistry(text));
}

/** As one prints it, whatever quotes a formatter has chosen. The registry is set by `init`, too. */
function withoutRegistry(text: string): string {
  const document = parseDocument(text);
  document.delete('registry');
  return document.toString({ lineWidth: 0, singleQuote: true });
}

/** The registry of the other environments, if all that name one name the same. */
export function otherRegistry(tree: Tree): string | undefined {
  const registries = Object.entries(readTreeEnvironments(tree)).flatMap(
    ([file, text]) => parsed(posix.basename(file, '.yml'), text)?.registry ?? [],
  );
  const [first, ...others] = new Set(registries);
  return others.length === 0 ? first : undefined;
}

/** Problems of another environment are reported when it is used. */
function parsed(name: string, text: string): AnyEnvironment | undefined {
  try {
    return parseAnyEnvironment(name, text);
  } catch (error) {
    if (error instanceof PlatformError) return undefined;
    throw error;
  }
}
