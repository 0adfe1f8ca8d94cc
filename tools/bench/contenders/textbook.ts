import { integratedWorkspace } from '../application/integrated-workspace.js';
import { SERVICE_NAMES } from '../application/services.js';
import { commonSources, peerFrame } from '../application/sources.js';
import { BUILD_DEPENDENCIES } from '../application/versions.js';
import type { Contender } from './contender.js';
import { INSTALL } from './quiet-install.js';
import { writeFiles } from './write-files.js';

const TARGET = 'docker-build';

/** The multi-stage Dockerfile of tutorials, started by Nx. */
export const textbook: Contender = {
  id: 'textbook',
  column: 'C',
  title:
    'the textbook Dockerfile: multi-stage, `COPY . .`, `npm ci` twice, `nx build` in the image',
  target: TARGET,
  image: ({ name }, service) => `${name}/${service}:latest`,
  addPackage: (spec) => [...INSTALL, spec],
  setUp: async (workspace, base) => {
    const files = integratedWorkspace({
      name: workspace.name,
      devDependencies: BUILD_DEPENDENCIES,
      plugins: [],
      targets: (service) => ({
        [TARGET]: {
          executor: 'nx:run-commands',
          options: {
            command: `docker build --file apps/${service}/Dockerfile --tag ${workspace.name}/${service}:latest .`,
          },
        },
      }),
    });
    await writeFiles(workspace, { ...files, ...commonSources(), ...peerFrame() });
    await workspace.write('.dockerignore', 'node_modules\ndist\n.nx\n.git\n');
    for (const service of SERVICE_NAMES) {
      await workspace.write(`apps/${service}/Dockerfile`, dockerfile(service, base));
    }
    await workspace.npm(...INSTALL);
  },
};

function dockerfile(service: string, base: string): string {
  return `FROM ${base} AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN NX_DAEMON=false npx nx build ${service}

FROM ${base}
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY package*.json ./
RUN npm ci --omit=dev
COPY --from=build /app/dist/apps/${service} ./
EXPOSE 3000
CMD ["node", "main.js"]
`;
}
