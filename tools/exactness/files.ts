import { stringify } from 'yaml';
import { planNxJson } from '../../packages/micro/src/generators/init/nx-json.js';
import { NATIVE_PACKAGES, rootOf, type Library, type Platform, type Service } from './platform.js';

export type PackageManager = 'npm' | 'pnpm';

/** Values in a workspace's files that depend on its place. */
export interface Surroundings {
  /** Scope of its packages, and first part of its image names. */
  scope: string;
  packageManager: PackageManager;
  /** The root's development dependencies: Nx and the plugin. */
  toolchain: Readonly<Record<string, string>>;
}

/** Content by path. Executable files are marked. */
export type Files = Record<string, string | { text: string; executable: boolean }>;

const PROJECT_GLOBS = ['apps/*', 'libs/*', 'moved/*'];

/** The files of a platform, as the generators and a person would write them. */
export function renderFiles(platform: Platform, surroundings: Surroundings): Files {
  const { scope } = surroundings;
  const libraries = new Map(platform.libraries.map((library) => [library.name, library]));
  return Object.assign(
    rootFiles(platform, surroundings),
    ...platform.libraries.map((library) => libraryFiles(library, surroundings)),
    ...platform.services.map((service) => serviceFiles(service, libraries, surroundings)),
    { '.gitignore': 'node_modules\ndist\n.nx\n', 'compose.yaml': composeFile(platform, scope) },
  ) as Files;
}

function rootFiles(platform: Platform, surroundings: Surroundings): Files {
  const { scope, packageManager, toolchain } = surroundings;
  const isPnpm = packageManager === 'pnpm';
  return {
    'package.json': json({
      name: `@${scope}/source`,
      version: '0.0.0',
      private: true,
      ...(isPnpm
        ? {}
        : {
            workspaces: PROJECT_GLOBS,
            allowScripts: Object.fromEntries(NATIVE_PACKAGES.map((name) => [name, true])),
          }),
      devDependencies: { ...toolchain, 'array-union': platform.tool },
      ...(!isPnpm && Object.keys(platform.overrides).length > 0
        ? { overrides: platform.overrides }
        : {}),
    }),
    ...(isPnpm ? { 'pnpm-workspace.yaml': stringify(pnpmWorkspace(platform)) } : {}),
    'nx.json': json(nxJson(platform)),
    'tsconfig.base.json': json({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        moduleResolution: 'nodenext',
        useDefineForClassFields: platform.defineFields,
        noUnusedLocals: platform.unusedLocals,
      },
    }),
  };
}

function pnpmWorkspace({ overrides }: Platform): object {
  const flat = Object.entries(overrides).flatMap(([name, needs]) =>
    Object.entries(needs).map(([need, version]) => [`${name}>${need}`, version]),
  );
  return {
    packages: PROJECT_GLOBS,
    ...(flat.length > 0 ? { overrides: Object.fromEntries(flat) as object } : {}),
  };
}

/** The files that `nx add @org/micro` creates in an empty workspace. */
function nxJson({ inputs }: Platform): object {
  const nx: Record<string, unknown> = {
    analytics: false,
    namedInputs: {
      default: ['{projectRoot}/**/*', 'sharedGlobals'],
      production: [
        'default',
        ...Array.from({ length: inputs }, (_, at) => `!{projectRoot}/notes-${at}.txt`),
      ],
      sharedGlobals: [],
    },
    plugins: [],
  };
  for (const { path, to } of planNxJson(nx)) {
    const last = path.at(-1)!;
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => {
      at[key] ??= {};
      return at[key] as Record<string, unknown>;
    }, nx);
    parent[last] = to;
  }
  return nx;
}

function composeFile({ services }: Platform, scope: string): string {
  return stringify({
    name: scope,
    include: services.map((service) => `${rootOf(service)}/compose.yaml`),
  });
}

function libraryFiles(library: Library, surroundings: Surroundings): Files {
  const root = rootOf(library);
  return {
    ...projectFiles(library, surroundings, { exports: './src/index.ts' }),
    [`${root}/src/index.ts`]: [
      ...imports(library, surroundings),
      `import { ${library.name}Help } from './${library.helper}.js';`,
      `export { ${library.name}Unused } from './unused.js';`,
      comment(library),
      `export function ${library.name}(): string {`,
      `  return ['${library.value}', ${library.name}Help(), ${values(library)}].join();`,
      `}`,
      '',
    ].join('\n'),
    [`${root}/src/${library.helper}.ts`]: `export const ${library.name}Help = () => 'help';\n`,
    [`${root}/src/unused.ts`]: `export function ${library.name}Unused() {\n  return '${library.unused}';\n}\n`,
  };
}

function serviceFiles(
  service: Service,
  libraries: ReadonlyMap<string, Library>,
  surroundings: Surroundings,
): Files {
  const root = rootOf(service);
  const { name, port, consumes, memory, external, asset } = service;
  const used = {
    ...service,
    libraries: service.libraries.filter((library) => libraries.has(library)),
  };
  return {
    ...projectFiles(used, surroundings, {}),
    [`${root}/service.yml`]: stringify({
      port,
      consumes,
      resources: { memory: `${memory}M` },
      ...(external.length > 0 || asset
        ? { build: { external, assets: asset ? ['assets/**'] : [] } }
        : {}),
    }),
    [`${root}/compose.yaml`]: stringify({
      services: {
        [name]: {
          image: `${surroundings.scope}/${name}:local`,
          environment: { LINE: service.compose },
        },
      },
    }),
    [`${root}/Dockerfile`]: dockerfile(service, surroundings.scope),
    [`${root}/src/main.ts`]: [
      ...imports(used, surroundings),
      `import { help } from './${service.helper}.js';`,
      comment(service),
      `class Service {`,
      `  name = '${name}';`,
      `}`,
      `console.log(new Service(), '${service.value}', help(), ${values(used)});`,
      '',
    ].join('\n'),
    [`${root}/src/${service.helper}.ts`]: `export const help = () => 'help';\n`,
    ...(asset
      ? { [`${root}/assets/rules.txt`]: { text: `${asset.value}\n`, executable: asset.executable } }
      : {}),
    ...(service.static === undefined ? {} : { [`${root}/static.txt`]: `${service.static}\n` }),
  };
}

/** Files of both libraries and services. */
function projectFiles(
  project: Service | Library,
  { scope, packageManager }: Surroundings,
  more: object,
): Files {
  const root = rootOf(project);
  const workspace = packageManager === 'pnpm' ? 'workspace:*' : '*';
  return {
    [`${root}/package.json`]: json({
      name: `@${scope}/${project.name}`,
      version: '0.0.0',
      private: true,
      type: 'module',
      ...more,
      dependencies: {
        ...Object.fromEntries(project.libraries.map((name) => [`@${scope}/${name}`, workspace])),
        ...project.packages,
      },
      nx: { name: project.name },
    }),
    [`${root}/tsconfig.json`]: json({ extends: '../../tsconfig.base.json', include: ['src'] }),
    [`${root}/README.md`]: `# ${project.name}\n\nEdition ${project.readme}.\n`,
    [`${root}/src/main.spec.ts`]: `it('is tested ${project.test} times', () => undefined);\n`,
  };
}

function imports(project: Service | Library, { scope }: Surroundings): string[] {
  return [
    ...project.libraries.map((name) => `import { ${name} } from '@${scope}/${name}';`),
    ...Object.keys(project.packages).map((name) => `import ${identifier(name)} from '${name}';`),
  ];
}

function values({ libraries, packages }: Service | Library): string {
  return [...libraries.map((name) => `${name}()`), ...Object.keys(packages).map(identifier)].join(
    ', ',
  );
}

function identifier(name: string): string {
  return `_${name.replaceAll('-', '_')}`;
}

function comment({ comment: count }: Service | Library): string {
  return `// Edited ${count} times.`;
}

/** Only copies and settings: enough to distinguish images, and as fast as possible. */
function dockerfile(service: Service, scope: string): string {
  return [
    `# Edited ${service.dockerfileComment} times.`,
    `ARG NODE_IMAGE=${scope}/base:${service.base}`,
    `FROM scratch AS artifact`,
    `COPY dist/${rootOf(service)} /content/`,
    ``,
    `FROM \${NODE_IMAGE} AS production`,
    `ENV NODE_ENV=production PORT=${service.port} SETTING=${service.setting}`,
    `COPY --from=artifact /*/ /`,
    ...(service.static === undefined ? [] : [`COPY ${rootOf(service)}/static.txt /static.txt`]),
    `WORKDIR /app`,
    `USER node`,
    `EXPOSE ${service.port}`,
    `HEALTHCHECK --interval=10s CMD ["node", "-e", "process.exit(0)"]`,
    `CMD ["node", "main.js"]`,
    ``,
  ].join('\n');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
