import { integratedWorkspace } from '../application/integrated-workspace.js';
import { SERVICE_NAMES } from '../application/services.js';
import { commonSources, peerFrame } from '../application/sources.js';
import { BUILD_DEPENDENCIES, PEERS } from '../application/versions.js';
import type { Contender } from './contender.js';
import { INSTALL } from './quiet-install.js';
import { writeFiles } from './write-files.js';

/** @nx-tools/nx-container with the Dockerfile of its own template for Node servers. */
export const nxContainer: Contender = {
  id: 'nx-container',
  column: 'B',
  title: `@nx-tools/nx-container ${PEERS.nxContainer} with the Dockerfile of its nest template`,
  target: 'container',
  image: ({ name }, service) => `${name}/${service}:dev`,
  addPackage: (spec) => [...INSTALL, spec],
  setUp: async (workspace, base) => {
    const files = integratedWorkspace({
      name: workspace.name,
      devDependencies: {
        ...BUILD_DEPENDENCIES,
        '@nx-tools/nx-container': PEERS.nxContainer,
        dotenv: '^16.4.0',
      },
      plugins: [{ plugin: '@nx-tools/nx-container', options: { defaultRegistry: workspace.name } }],
      targets: () => ({}),
    });
    await writeFiles(workspace, { ...files, ...commonSources(), ...peerFrame() });
    await workspace.npm(...INSTALL);
    for (const service of SERVICE_NAMES) {
      await workspace.nx(
        ...['g', '@nx-tools/nx-container:configuration', `--project=${service}`],
        ...['--template=nest', '--engine=docker'],
      );
      const dockerfile = `apps/${service}/Dockerfile`;
      const text = await workspace.read(dockerfile);
      await workspace.write(dockerfile, text.replaceAll('docker.io/node:lts-alpine', base));
    }
  },
};
