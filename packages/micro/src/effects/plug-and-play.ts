import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { ArtifactError } from './artifact-error';

/** The part of Yarn's API that is used here, as in https://yarnpkg.com/advanced/pnpapi. */
interface PnpApi {
  /** @throws if the issuer does not declare the package. */
  resolveToUnqualified: (
    request: string,
    issuer: string,
    options: { considerBuiltins: boolean },
  ) => string | null;
  /** Where a package really lies that Yarn lists once for each set of peers; `null` for any other. */
  resolveVirtual: (path: string) => string | null;
}

/** Finds packages of a workspace that Yarn installed with Plug'n'Play: in archives, without `node_modules`. */
export interface PlugAndPlay {
  /** The folder of a package as code in another folder imports it, absolute; it may be in an archive. */
  find: (name: string, from: string) => string | undefined;
  /** The same folder for a package that is listed more than once because of its peers. */
  real: (directory: string) => string;
}

/** Where Yarn writes which archive each package is in; esbuild reads it. */
const PNP_FILES = ['.pnp.cjs', '.pnp.js', '.pnp.data.json'];

/**
 * @returns `undefined` if the packages are in `node_modules`.
 * @throws {ArtifactError} if this process was started without Yarn, so that it cannot read archives.
 */
export function readPlugAndPlay(workspaceRoot: string): PlugAndPlay | undefined {
  const file = PNP_FILES.find((name) => existsSync(join(workspaceRoot, name)));
  if (file === undefined) return undefined;
  const { findPnpApi } = module as { findPnpApi?: (path: string) => PnpApi | null };
  const api = findPnpApi?.(`${realpathSync(workspaceRoot)}/`);
  if (!api) {
    throw new ArtifactError(
      `${file} says that packages are installed with Plug'n'Play of Yarn, but Nx was not started by Yarn, so packages cannot be read: use "yarn nx" instead of "nx" or "npx nx". If you have left Plug'n'Play, remove ${file}`,
    );
  }
  return {
    find: (name, from) => {
      const directory = resolve(api, name, `${from}/`)?.replace(/[\\/]$/, '');
      return directory !== undefined && existsSync(join(directory, 'package.json'))
        ? directory
        : undefined;
    },
    real: (directory) => api.resolveVirtual(directory) ?? directory,
  };
}

function resolve(api: PnpApi, name: string, issuer: string): string | undefined {
  try {
    return api.resolveToUnqualified(name, issuer, { considerBuiltins: false }) ?? undefined;
  } catch (error) {
    // What is not declared, and an optional package or peer that is not installed.
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
