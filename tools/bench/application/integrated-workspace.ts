import { json } from './json.js';
import { NOTHING_TARGET } from './nothing.js';
import { PEER_NX_JSON } from './nx-json.js';
import { LIBRARIES, SCOPE, SERVICE_NAMES } from './services.js';
import type { Files } from './sources.js';
import { SERVICE_DEPENDENCIES } from './versions.js';

export interface IntegratedOptions {
  name: string;
  devDependencies: Record<string, string>;
  plugins: unknown[];
  /** Targets of one service beside `build`. */
  targets: (service: string) => Record<string, unknown>;
}

/**
 * A workspace with one package.json, path mappings and `dist/apps/<service>`. The templates of @nx-tools/nx-container
 * and the `COPY package*.json` of tutorials expect this layout.
 */
export function integratedWorkspace(options: IntegratedOptions): Files {
  return {
    'package.json': json({
      name: options.name,
      version: '0.0.0',
      private: true,
      dependencies: SERVICE_DEPENDENCIES,
      devDependencies: options.devDependencies,
    }),
    'nx.json': json({
      ...PEER_NX_JSON,
      plugins: options.plugins,
      targetDefaults: {
        build: { cache: true, dependsOn: ['^build'], inputs: ['production', '^production'] },
      },
    }),
    'tsconfig.base.json': json({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022'],
        module: 'esnext',
        moduleResolution: 'bundler',
        strict: true,
        skipLibCheck: true,
        types: ['node'],
        paths: Object.fromEntries(
          LIBRARIES.map((name) => [`${SCOPE}/${name}`, [`./packages/${name}/src/index.ts`]]),
        ),
      },
    }),
    ...Object.fromEntries(
      LIBRARIES.map((name) => [
        `packages/${name}/project.json`,
        json({ name, projectType: 'library', sourceRoot: `packages/${name}/src`, targets: {} }),
      ]),
    ),
    ...Object.fromEntries(SERVICE_NAMES.flatMap((service) => serviceFiles(service, options))),
  };
}

function serviceFiles(service: string, { targets }: IntegratedOptions): [string, string][] {
  const root = `apps/${service}`;
  return [
    [
      `${root}/project.json`,
      json({
        name: service,
        projectType: 'application',
        sourceRoot: `${root}/src`,
        targets: {
          build: {
            executor: '@nx/esbuild:esbuild',
            outputs: ['{options.outputPath}'],
            options: {
              platform: 'node',
              outputPath: `dist/${root}`,
              main: `${root}/src/main.ts`,
              tsConfig: `${root}/tsconfig.app.json`,
              assets: [],
              bundle: true,
              thirdParty: false,
              format: ['cjs'],
              generatePackageJson: true,
              skipTypeCheck: true,
              declaration: false,
              esbuildOptions: { sourcemap: false, outExtension: { '.js': '.js' } },
            },
          },
          ...NOTHING_TARGET,
          ...targets(service),
        },
      }),
    ],
    [
      `${root}/tsconfig.app.json`,
      json({ extends: '../../tsconfig.base.json', include: ['src/**/*.ts'] }),
    ],
  ];
}
