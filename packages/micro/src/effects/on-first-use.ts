import {
  build,
  type BuildOptions,
  type BuildResult,
  type Metafile,
  type OnResolveResult,
  type Plugin,
} from 'esbuild';
import { realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { toSlashes } from './external-packages';

/**
 * What Fastify loads with each application, but calls only for a route with a schema of its own: compilers of schemas,
 * which take longer to load than Fastify itself.
 */
const COMPILERS = /^@fastify\/(?:ajv|fast-json-stringify)-compiler$/;

/** The only file of Fastify that loads them. It calls what they export at once, and the result for the first schema. */
const IMPORTER = /[\\/]fastify[\\/]lib[\\/]schema-controller\.js$/;

const SUFFIX = '?on-first-use';

/** Where they are, beside the bundle. They are a third of it, and Node reads the whole of a file to run any of it. */
const COMPILERS_FILE = 'schema-compilers.cjs';

/** What the compilers build on. Its plugins know its classes, which must not be there twice: `ajv-errors`, for example. */
const WITH_CLASSES = /(?:^|\/)node_modules\/ajv\//;

/** Marks what this plugin itself asks esbuild to resolve. */
const RESOLVING = Symbol('resolving');

/** Builds a bundle with the compilers of schemas in a file of their own, unless code of the bundle needs their classes. */
export async function buildWithCompilersApart(
  options: BuildOptions & { metafile: true },
): Promise<BuildResult<{ metafile: true }>> {
  const buildOnce = (apart: boolean) =>
    build({ ...options, plugins: [compilersOnFirstUse({ apart }), ...(options.plugins ?? [])] });
  const result = await buildOnce(true);
  return hasClassesTwice(result.metafile) ? buildOnce(false) : result;
}

function hasClassesTwice({ outputs }: Metafile): boolean {
  const [one = [], ...others] = Object.values(outputs).map(({ inputs }) =>
    Object.keys(inputs).filter((file) => WITH_CLASSES.test(file)),
  );
  return one.some((file) => others.some((files) => files.includes(file)));
}

/**
 * Loads the compilers of schemas when the first schema is compiled: a service without one starts sooner.
 *
 * @param apart whether they are in a file of their own, which is written beside the bundle.
 */
export function compilersOnFirstUse({ apart }: { apart: boolean }): Plugin {
  return {
    name: 'compilers-on-first-use',
    setup: ({ onEnd, onLoad, onResolve, onStart, resolve, initialOptions, esbuild }) => {
      /** Each compiler under its path from the workspace root. */
      const compilers = new Map<string, string>();
      const root = realpathSync(initialOptions.absWorkingDir ?? process.cwd());
      const keyOf = (path: string) => toSlashes(relative(root, path));
      const ownFile = join(dirname(initialOptions.outfile ?? ''), COMPILERS_FILE);
      onStart(async () => {
        compilers.clear();
        // Of a run whose bundle was not the last one: this one may be without them.
        if (initialOptions.write !== false) await rm(ownFile, { force: true });
      });
      onResolve(
        { filter: COMPILERS },
        async ({
          path,
          importer,
          kind,
          resolveDir,
          pluginData,
        }): Promise<OnResolveResult | undefined> => {
          if (pluginData === RESOLVING || !IMPORTER.test(importer)) return undefined;
          const found = await resolve(path, { importer, kind, resolveDir, pluginData: RESOLVING });
          // External to the bundle, or not found: as without this plugin.
          if (found.external || found.errors.length > 0) return undefined;
          compilers.set(keyOf(found.path), found.path);
          return { path: found.path, suffix: SUFFIX };
        },
      );
      onLoad({ filter: /-compiler[\\/]/ }, ({ path, suffix }) => {
        if (suffix !== SUFFIX) return undefined;
        const load = apart
          ? `require('./${COMPILERS_FILE}')[${JSON.stringify(keyOf(path))}]`
          : `require(${JSON.stringify(`./${basename(path)}`)})`;
        const contents = `module.exports = () => {
  let build;
  return (...given) => (build ??= ${load}())(...given);
};
`;
        return { contents };
      });
      if (!apart) return;
      onResolve({ filter: /^\.\/schema-compilers\.cjs$/ }, ({ path, importer }) =>
        compilers.has(keyOf(importer)) ? { path, external: true } : undefined,
      );
      onEnd(async (result) => {
        if (compilers.size === 0 || result.errors.length > 0) return;
        const options = compilersBuild(initialOptions, compilers);
        addTo(result, await esbuild.build({ ...options, outfile: ownFile }));
      });
    },
  };
}

/** How the file of the compilers is built: as the bundle itself, but as CommonJS, which `require` loads everywhere. */
function compilersBuild(
  { entryPoints: _, banner: __, plugins = [], ...options }: BuildOptions,
  compilers: ReadonlyMap<string, string>,
): BuildOptions & { metafile: true } {
  const keys = [...compilers.keys()].sort();
  return {
    ...options,
    stdin: {
      contents: keys
        .map((key) => JSON.stringify(key))
        .map((key) => `exports[${key}] = () => require(${key})();\n`)
        .join(''),
      resolveDir: options.absWorkingDir ?? process.cwd(),
    },
    format: 'cjs',
    metafile: true,
    plugins: [
      {
        name: 'compilers',
        setup: ({ onResolve }) =>
          onResolve({ filter: /.*/ }, ({ path, importer }) =>
            importer === '<stdin>' ? { path: compilers.get(path)! } : undefined,
          ),
      },
      ...plugins.filter(({ name }) => name !== 'compilers-on-first-use'),
    ],
  };
}

/** Describes both files as one bundle, in which the first imports what is in the second. */
function addTo(result: BuildResult, { metafile, warnings }: BuildResult<{ metafile: true }>): void {
  result.warnings.push(...warnings);
  if (!result.metafile) return;
  const { inputs, outputs } = result.metafile;
  for (const [file, input] of Object.entries(inputs)) {
    if (!file.endsWith(SUFFIX)) continue;
    input.imports = [{ path: file.slice(0, -SUFFIX.length), kind: 'require-call' }];
  }
  const { '<stdin>': _, ...files } = metafile.inputs;
  Object.assign(inputs, files);
  for (const [path, output] of Object.entries(metafile.outputs)) {
    delete output.inputs['<stdin>'];
    outputs[path] = output;
  }
}
