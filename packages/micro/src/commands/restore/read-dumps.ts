import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../platform/user-error';
import { dumpManifestSchema, manifestFile, type DumpManifest } from '../backup/manifest';

/** A dump as it lies on the disk. */
export interface Dump {
  manifest: DumpManifest;
  /** The dump's file. */
  path: string;
}

/**
 * The dump in a file, or all dumps in a folder, sorted by name. A file without a manifest does not count, because it
 * may be incomplete.
 *
 * @throws {UserError} if there is no dump, or a manifest is not valid.
 */
export function readDumps(path: string): Dump[] {
  if (!existsSync(path))
    throw new UserError(`${path} does not exist: give the folder of a backup, or a dump`);
  if (!statSync(path).isDirectory()) return [readDump(manifestOf(path))];
  const manifests = readdirSync(path).filter((name) => name.endsWith(manifestFile('')));
  if (manifests.length === 0) {
    throw new UserError(
      `${path} has no dump with a manifest: give the folder that "micro backup" printed`,
    );
  }
  return manifests.sort().map((name) => readDump(join(path, name)));
}

function manifestOf(path: string): string {
  if (path.endsWith(manifestFile(''))) return path;
  const file = manifestFile(path);
  if (existsSync(file)) return file;
  throw new UserError(
    `${file} does not exist: without it, nobody can tell whether the dump is complete`,
  );
}

function readDump(file: string): Dump {
  const manifest = dumpManifestSchema.safeParse(parseJson(file));
  if (!manifest.success) throw new UserError(`${file} is not the manifest of a dump`);
  return { manifest: manifest.data, path: join(dirname(file), manifest.data.file) };
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
