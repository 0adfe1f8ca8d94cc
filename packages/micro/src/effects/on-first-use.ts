import type { OnResolveResult, Plugin } from 'esbuild';
import { basename } from 'node:path';

/**
 * What Fastify loads with each application, but calls only for a route with a schema of its own: compilers of schemas,
 * which take longer to load than Fastify itself.
 */
const COMPILERS = /^@fastify\/(?:ajv|fast-json-stringify)-compiler$/;

/** The only file of Fastify that loads them. It calls what they export at once, and the result for the first schema. */
const IMPORTER = /[\\/]fastify[\\/]lib[\\/]schema-controller\.js$/;

const SUFFIX = '?on-first-use';

/** Marks what this plugin itself asks esbuild to resolve. */
const RESOLVING = Symbol('resolving');

/** Loads the compilers of schemas when the first schema is compiled: a service without one starts sooner. */
export const compilersOnFirstUse: Plugin = {
  name: 'compilers-on-first-use',
  setup: ({ onLoad, onResolve, resolve }) => {
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
        return { path: found.path, suffix: SUFFIX };
      },
    );
    onLoad({ filter: /-compiler[\\/]/ }, ({ path, suffix }) => {
      if (suffix !== SUFFIX) return undefined;
      const load = `require(${JSON.stringify(`./${basename(path)}`)})`;
      const contents = `module.exports = () => {
  let build;
  return (...given) => (build ??= ${load}())(...given);
};
`;
      return { contents };
    });
  },
};
