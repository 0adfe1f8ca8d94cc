import { json } from '../application/json.js';
import { NOTHING_TARGET } from '../application/nothing.js';
import { PEER_NX_JSON } from '../application/nx-json.js';
import { libraryPackages } from '../application/package-workspace.js';
import { SCOPE, SERVICE_NAMES, SERVICES, type ServiceName } from '../application/services.js';
import { commonSources, peerFrame, type Files } from '../application/sources.js';
import { BUILD_DEPENDENCIES, NX, PEERS, SERVICE_DEPENDENCIES } from '../application/versions.js';
import type { Contender } from './contender.js';
import { INSTALL } from './quiet-install.js';
import { writeFiles } from './write-files.js';

const TARGET = 'docker:build';

/** @nx/docker with the Dockerfile that `nx g @nx/node:setup-docker` writes, in an npm workspace. */
export const nxDocker: Contender = {
  id: 'nx-docker',
  column: 'A',
  title: `@nx/docker ${PEERS.nxDocker} with the Dockerfile of @nx/node:setup-docker`,
  target: TARGET,
  image: ({ name }, service) => `${name}/${service}:latest`,
  addPackage: (spec, service) => [...INSTALL, spec, `--workspace=apps/${service}`],
  setUp: async (workspace, base) => {
    await writeFiles(workspace, rootFiles(workspace.name));
    await writeFiles(workspace, libraryPackages());
    await writeFiles(workspace, commonSources());
    await writeFiles(workspace, peerFrame());
    for (const service of SERVICE_NAMES) await writeFiles(workspace, serviceFiles(service));
    await workspace.npm(...INSTALL);
    for (const service of SERVICE_NAMES) {
      await workspace.nx('g', '@nx/node:setup-docker', `--project=${service}`);
      await workspace.edit(`apps/${service}/Dockerfile`, 'docker.io/node:lts-alpine', base);
    }
  },
};

function rootFiles(name: string): Files {
  return {
    'package.json': json({
      name,
      version: '0.0.0',
      private: true,
      workspaces: ['apps/*', 'packages/*'],
      devDependencies: { ...BUILD_DEPENDENCIES, '@nx/docker': PEERS.nxDocker, '@nx/node': NX },
    }),
    'nx.json': json({
      ...PEER_NX_JSON,
      plugins: [
        {
          plugin: '@nx/js/typescript',
          options: {
            typecheck: { targetName: 'typecheck' },
            build: { targetName: 'build', configName: 'tsconfig.lib.json' },
          },
        },
        // Its own default tag is only the folder's name, which other workspaces would use, too.
        {
          plugin: '@nx/docker',
          options: {
            buildTarget: {
              name: TARGET,
              skipDefaultTag: true,
              args: [`--tag ${name}/{projectName}:latest`],
            },
            runTarget: 'docker:run',
          },
        },
      ],
      targetDefaults: {
        '@nx/esbuild:esbuild': {
          cache: true,
          dependsOn: ['^build'],
          inputs: ['production', '^production'],
        },
      },
    }),
    'tsconfig.base.json': json({
      compilerOptions: {
        composite: true,
        declarationMap: false,
        emitDeclarationOnly: true,
        importHelpers: false,
        isolatedModules: true,
        lib: ['es2022'],
        module: 'nodenext',
        moduleResolution: 'nodenext',
        skipLibCheck: true,
        strict: true,
        target: 'es2022',
        customConditions: [`${SCOPE}/source`],
      },
    }),
    'tsconfig.json': json({ extends: './tsconfig.base.json', files: [], references: [] }),
  };
}

function serviceFiles(service: ServiceName): Files {
  const root = `apps/${service}`;
  const libraries = SERVICES[service].map((name) => [`${SCOPE}/${name}`, '*'] as const);
  return {
    [`${root}/package.json`]: json({
      name: service,
      version: '0.0.1',
      private: true,
      dependencies: { ...SERVICE_DEPENDENCIES, ...Object.fromEntries(libraries) },
      nx: { projectType: 'application', targets: serviceTargets(root) },
    }),
    [`${root}/tsconfig.json`]: json({
      extends: '../../tsconfig.base.json',
      files: [],
      include: [],
      references: [],
    }),
    [`${root}/tsconfig.app.json`]: json({
      extends: '../../tsconfig.base.json',
      compilerOptions: { composite: false, declaration: false, outDir: 'dist', rootDir: 'src' },
      include: ['src/**/*.ts'],
    }),
  };
}

/** Services as `@nx/node:application --bundler=esbuild --docker` writes them, without its type check. */
function serviceTargets(root: string): Record<string, unknown> {
  const outputPath = `${root}/dist`;
  return {
    build: {
      executor: '@nx/esbuild:esbuild',
      outputs: ['{options.outputPath}'],
      defaultConfiguration: 'production',
      options: {
        platform: 'node',
        outputPath,
        format: ['cjs'],
        bundle: false,
        main: `${root}/src/main.ts`,
        tsConfig: `${root}/tsconfig.app.json`,
        assets: [],
        skipTypeCheck: true,
        esbuildOptions: { sourcemap: true, outExtension: { '.js': '.js' } },
      },
      configurations: {
        production: { esbuildOptions: { sourcemap: false, outExtension: { '.js': '.js' } } },
      },
    },
    'prune-lockfile': {
      dependsOn: ['build'],
      cache: true,
      executor: '@nx/js:prune-lockfile',
      outputs: [
        `{workspaceRoot}/${outputPath}/package.json`,
        `{workspaceRoot}/${outputPath}/package-lock.json`,
      ],
      options: { buildTarget: 'build' },
    },
    'copy-workspace-modules': {
      dependsOn: ['build'],
      cache: true,
      outputs: [`{workspaceRoot}/${outputPath}/workspace_modules`],
      executor: '@nx/js:copy-workspace-modules',
      options: { buildTarget: 'build' },
    },
    prune: { dependsOn: ['prune-lockfile', 'copy-workspace-modules'], executor: 'nx:noop' },
    ...NOTHING_TARGET,
  };
}
