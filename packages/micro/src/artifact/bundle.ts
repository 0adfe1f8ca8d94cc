import type { BuildOptions } from 'esbuild';

/** Lets bundled CommonJS packages call `require` and read `__dirname` inside an ES module. */
const COMMONJS_BANNER = [
  `import { createRequire as __createRequire } from 'node:module';`,
  `import { dirname as __toDirname } from 'node:path';`,
  `import { fileURLToPath as __toPath } from 'node:url';`,
  `const require = __createRequire(import.meta.url);`,
  `const __filename = __toPath(import.meta.url);`,
  `const __dirname = __toDirname(__filename);`,
].join('\n');

export interface BundleRequest {
  workspaceRoot: string;
  /** Entry file, relative to the workspace root. */
  entry: string;
  /** The file to write, absolute. */
  outfile: string;
  /** Conditions under which workspace libraries export their sources. */
  conditions: readonly string[];
  /** Source maps are left out of the production artifact, because a shifted line would change the image's content. */
  sourcemap: boolean;
}

/**
 * How a service is bundled: one ES module with everything in it except Node itself and external packages. The output
 * does not depend on where the workspace is or when it is built.
 */
export function bundleOptions({
  workspaceRoot,
  entry,
  outfile,
  conditions,
  sourcemap,
}: BundleRequest): BuildOptions & { metafile: true } {
  return {
    absWorkingDir: workspaceRoot,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Not `import`, and `main` before `module`, as is esbuild's way for Node: a `require` must get
    // what Node would give it. pg requires pg-pool, whose ES module is no class to extend.
    conditions: [...conditions, 'module'],
    // A schema is imported as its text.
    loader: { '.graphql': 'text' },
    banner: { js: COMMONJS_BANNER },
    sourcemap: sourcemap ? 'inline' : false,
    sourcesContent: false,
    // Shorter by a tenth and still a readable stack trace: lines and names stay.
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
  };
}
