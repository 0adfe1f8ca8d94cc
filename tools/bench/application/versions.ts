import nx from 'nx/package.json' with { type: 'json' };

export const NX = nx.version;

/** The packages that a service runs on, as in a generated service of ours. */
export const SERVICE_DEPENDENCIES = { fastify: '^5.12.8', zod: '^4.6.7' };

/** The exact versions of the published peers. */
export const PEERS = { nxDocker: NX, nxContainer: '7.3.0' };

export const BUILD_DEPENDENCIES = {
  '@nx/esbuild': NX,
  '@nx/js': NX,
  '@types/node': '^24.10.0',
  esbuild: '^0.28.2',
  nx: NX,
  tslib: '^2.8.1',
  typescript: '~6.0.3',
};

/** Published versions of a package without dependencies: one for the start, then a newer one in each round. */
export const ADDED_PACKAGE = {
  name: 'ms',
  versions: ['2.1.3', '2.1.2', '2.1.1', '2.1.0', '2.0.0', '1.0.0', '0.7.3', '0.7.2', '0.7.1'],
};
