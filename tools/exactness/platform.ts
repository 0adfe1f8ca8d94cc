import type { Random } from './random.js';

/** A workspace as a value. All its files are derived from this. */
export interface Platform {
  services: Service[];
  libraries: Library[];
  /** Versions of indirect dependencies that the root overrides: `debug` -> `ms` -> version. */
  overrides: Record<string, Record<string, string>>;
  /** Versions of indirect dependencies that were changed in the lockfile. */
  locked: Record<string, string>;
  /** A development dependency of the root that no service uses. */
  tool: string;
  /** Counts edits of nx.json's named inputs. */
  inputs: number;
  /** Whether the root's tsconfig compiles class fields as definitions, which changes bundles. */
  defineFields: boolean;
  /** Whether the root's tsconfig reports unused names, which does not change bundles. */
  unusedLocals: boolean;
  /** The image behind each base image name. No file contains this. */
  bases: Record<BaseName, number>;
}

export type BaseName = 'slim' | 'full';

interface Project {
  name: string;
  /** `apps`, `libs` or `moved` */
  folder: string;
  /** A value in the code, of eight characters, so that bundles keep their size. */
  value: string;
  comment: number;
  test: number;
  readme: number;
  /** Name of a source file. */
  helper: string;
  libraries: string[];
  /** Direct dependencies from the registry, with exact versions. */
  packages: Record<string, string>;
}

export interface Library extends Project {
  /** A value in an export that no service imports. */
  unused: string;
}

export interface Service extends Project {
  port: number;
  consumes: string[];
  /** MB */
  memory: number;
  /** Packages that service.yml declares as external. */
  external: string[];
  /** Content of a file that is an asset of the artifact. */
  asset?: { value: string; executable: boolean };
  /** Content of a project file that the Dockerfile copies. */
  static?: string;
  base: BaseName;
  /** An environment variable in the Dockerfile. */
  setting: number;
  dockerfileComment: number;
  /** A line of the service's compose.yaml. */
  compose: number;
}

/** Tiny packages of the npm registry. Those that others depend on come first. */
export const SERVICE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  ms: ['2.1.1', '2.1.2', '2.1.3'],
  debug: ['4.3.4', '4.3.7', '4.4.0'],
  'is-odd': ['3.0.0', '3.0.1'],
  'shallow-clone': ['3.0.0', '3.0.1'],
  'to-regex-range': ['5.0.0', '5.0.1'],
  bufferutil: ['4.0.7', '4.0.8', '4.0.9'],
};

export const LIBRARY_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  isobject: ['3.0.1', '4.0.0'],
  'kind-of': ['6.0.2', '6.0.3'],
};

/** These contain native code, and so are external without being declared. */
export const NATIVE_PACKAGES: readonly string[] = ['bufferutil'];

/** package -> dependency -> versions that all versions of the package accept. */
export const TRANSITIVE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  debug: { ms: ['2.1.1', '2.1.2', '2.1.3'] },
  bufferutil: { 'node-gyp-build': ['4.8.1', '4.8.2', '4.8.4'] },
};

/** Indirect dependencies only, with versions that all ranges accept. */
export const LOCKABLE: Readonly<Record<string, readonly string[]>> = {
  'node-gyp-build': ['4.8.1', '4.8.2', '4.8.3', '4.8.4'],
};

export const TOOLS: readonly string[] = ['1.0.0', '1.0.1', '1.0.2'];

const SERVICE_NAMES = ['users', 'orders', 'billing', 'catalog', 'search', 'gateway', 'mailer'];
const LIBRARY_NAMES = ['money', 'text', 'clock', 'guard'];

export function randomPlatform(random: Random): Platform {
  const libraries = LIBRARY_NAMES.slice(0, random.below(5)).reduce<Library[]>(
    (known, name) => [...known, randomLibrary(random, name, known)],
    [],
  );
  const platform: Platform = {
    services: [],
    libraries,
    overrides: {},
    locked: {},
    tool: TOOLS[0]!,
    inputs: 0,
    defineFields: true,
    unusedLocals: false,
    bases: { slim: 1, full: 1 },
  };
  const count = 2 + random.below(5);
  while (platform.services.length < count) platform.services.push(newService(random, platform));
  return platform;
}

/** A service with an unused name. */
export function newService(random: Random, { services, libraries }: Platform): Service {
  const name = SERVICE_NAMES.find((free) => services.every((service) => service.name !== free))!;
  const packages = randomPackages(random, SERVICE_PACKAGES, 2);
  return {
    ...project(random, name, 'apps'),
    libraries: random.some(libraries, 3).map((library) => library.name),
    packages,
    port: 3001 + SERVICE_NAMES.indexOf(name),
    consumes: random.some(services, 2).map((service) => service.name),
    memory: 128,
    external: soundExternals(random.some(Object.keys(packages), 2), packages),
    ...(random.chance(0.4) ? { asset: { value: random.word(), executable: false } } : {}),
    ...(random.chance(0.25) ? { static: random.word() } : {}),
    base: random.pick(['slim', 'full'] as const),
    setting: 0,
    dockerfileComment: 0,
    compose: 0,
  };
}

/** An image contains one version of a package: `ms` cannot be external if a bundled `debug` brings its own. */
export function soundExternals(
  external: readonly string[],
  packages: Readonly<Record<string, string>>,
): string[] {
  return external
    .filter((name) => packages[name] !== undefined)
    .filter((name) => name !== 'ms' || !packages['debug'] || external.includes('debug'))
    .sort();
}

function randomLibrary(random: Random, name: string, known: readonly Library[]): Library {
  return {
    ...project(random, name, 'libs'),
    libraries: random.some(known, 2).map((library) => library.name),
    packages: randomPackages(random, LIBRARY_PACKAGES, 1),
    unused: random.word(),
  };
}

function project(random: Random, name: string, folder: string) {
  return { name, folder, value: random.word(), comment: 0, test: 0, readme: 0, helper: 'helper' };
}

function randomPackages(
  random: Random,
  pool: Readonly<Record<string, readonly string[]>>,
  most: number,
): Record<string, string> {
  return Object.fromEntries(
    random
      .some(Object.keys(pool), most)
      .sort()
      .map((name) => [name, random.pick(pool[name]!)]),
  );
}

export function rootOf({ folder, name }: Pick<Project, 'folder' | 'name'>): string {
  return `${folder}/${name}`;
}
