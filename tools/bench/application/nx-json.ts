/** The start of every peer's nx.json, as Nx's own generators write it. */
export const PEER_NX_JSON = {
  $schema: './node_modules/nx/schemas/nx-schema.json',
  analytics: false,
  namedInputs: {
    default: ['{projectRoot}/**/*', 'sharedGlobals'],
    production: [
      'default',
      '!{projectRoot}/**/*.{spec,test}.ts',
      '!{projectRoot}/**/*.md',
      '!{projectRoot}/Dockerfile',
    ],
    sharedGlobals: [],
  },
};
