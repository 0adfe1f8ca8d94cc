import {
  LIBRARY_PACKAGES,
  LOCKABLE,
  newService,
  SERVICE_PACKAGES,
  soundExternals,
  TOOLS,
  TRANSITIVE,
  type Library,
  type Platform,
  type Service,
} from './platform.js';
import type { Random } from './random.js';

/** A change, with the platform after it. */
export interface Change {
  kind: ChangeKind;
  /** The service or package that it changes, for messages. */
  of: string;
  after: Platform;
}

/** A kind of change: changes a platform, or returns nothing if it does not apply. */
type Draw = (platform: Platform, random: Random) => string | undefined;

/** Changes names in place: `drawChange` passes a copy. */
const DRAWS = {
  'service source': (platform, random) => {
    const service = random.pick(platform.services);
    service.value = random.word();
    return service.name;
  },
  'service source, longer': (platform, random) => {
    const service = random.pick(platform.services);
    service.value += random.word();
    return service.name;
  },
  'sources of all services': (platform, random) => {
    for (const service of platform.services) service.value = random.word();
    return 'all';
  },
  'source of a library': ofLibrary((library, random) => void (library.value = random.word())),
  'export that nobody imports': ofLibrary(
    (library, random) => void (library.unused = random.word()),
  ),
  'library comment': ofLibrary((library) => void library.comment++),
  'library test': ofLibrary((library) => void library.test++),
  'library README': ofLibrary((library) => void library.readme++),
  'rename in a library': ofLibrary((library) => void (library.helper += 'x')),
  'move of a library': ofLibrary(
    (library) => void (library.folder = other(library.folder, 'libs')),
  ),
  'service comment': ofService((service) => void service.comment++),
  'service test': ofService((service) => void service.test++),
  'service README': ofService((service) => void service.readme++),
  'rename in a service': ofService((service) => void (service.helper += 'x')),
  'move of a service': ofService(
    (service) => void (service.folder = other(service.folder, 'apps')),
  ),
  Dockerfile: ofService((service) => void service.setting++),
  'Dockerfile comment': ofService((service) => void service.dockerfileComment++),
  'another base image': ofService((service) => {
    service.base = service.base === 'slim' ? 'full' : 'slim';
  }),
  'base image behind its tag': (platform, random) => {
    const name = random.pick(['slim', 'full'] as const);
    platform.bases[name]++;
    return name;
  },
  'manifest: resources': ofService((service) => void (service.memory += 64)),
  'manifest: port': ofService((service) => void (service.port += 100)),
  'manifest: consumes': (platform, random) => {
    const service = random.pick(platform.services);
    const others = platform.services.filter((candidate) => candidate !== service);
    service.consumes = random.some(others, 2).map((provider) => provider.name);
    return service.name;
  },
  'manifest: externals': ofService((service, random) => {
    const names = Object.keys(service.packages);
    service.external = soundExternals(random.some(names, 2), service.packages);
  }),
  asset: ofService((service, random) => {
    service.asset = { value: random.word(), executable: service.asset?.executable ?? false };
  }),
  'mode of an asset': (platform, random) => {
    const service = pickWhere(
      random,
      platform.services,
      (candidate) => candidate.asset !== undefined,
    );
    if (!service?.asset) return undefined;
    service.asset.executable = !service.asset.executable;
    return service.name;
  },
  'file that the Dockerfile copies': (platform, random) => {
    const service = pickWhere(
      random,
      platform.services,
      (candidate) => candidate.static !== undefined,
    );
    if (!service) return undefined;
    service.static = random.word();
    return service.name;
  },
  compose: ofService((service) => void service.compose++),
  'dependency bumped for one': (platform, random) => {
    const projects = [...platform.services, ...platform.libraries];
    const project = pickWhere(random, projects, ({ packages }) => Object.keys(packages).length > 0);
    if (!project) return undefined;
    const name = random.pick(Object.keys(project.packages));
    const version = otherVersion(random, name, project.packages[name]!);
    project.packages[name] = version;
    return `${project.name}, ${name} ${version}`;
  },
  'dependency bumped for all': (platform, random) => {
    const name = random.pick(Object.keys(SERVICE_PACKAGES));
    const users = platform.services.filter(({ packages }) => packages[name] !== undefined);
    if (users.length === 0) return undefined;
    const version = otherVersion(random, name, users[0]!.packages[name]!);
    for (const { packages } of users) packages[name] = version;
    return `${name} ${version}`;
  },
  'dependency added to one': ofService((service, random) => {
    const free = Object.keys(SERVICE_PACKAGES).filter(
      (name) => service.packages[name] === undefined,
    );
    if (free.length === 0) return false;
    const name = random.pick(free);
    service.packages[name] = random.pick(SERVICE_PACKAGES[name]!);
    service.external = soundExternals(service.external, service.packages);
    return true;
  }),
  'dependency removed from one': ofService((service, random) => {
    const names = Object.keys(service.packages);
    if (names.length === 0) return false;
    delete service.packages[random.pick(names)];
    service.external = soundExternals(service.external, service.packages);
    return true;
  }),
  'transitive dependency overridden': (platform, random) => {
    const direct = new Set(platform.services.flatMap(({ packages }) => Object.keys(packages)));
    const names = Object.keys(TRANSITIVE).filter((name) => direct.has(name));
    if (names.length === 0) return undefined;
    const name = random.pick(names);
    const [need, versions] = Object.entries(TRANSITIVE[name]!)[0]!;
    const now = platform.overrides[name]?.[need];
    const version = random.pick(versions.filter((candidate) => candidate !== now));
    platform.overrides[name] = { [need]: version };
    return `${name} -> ${need} ${version}`;
  },
  'transitive dependency in the lockfile': (platform, random) => {
    const direct = new Set(platform.services.flatMap(({ packages }) => Object.keys(packages)));
    if (!direct.has('bufferutil') || platform.overrides['bufferutil']) return undefined;
    const name = 'node-gyp-build';
    const versions = LOCKABLE[name]!.filter((version) => version !== platform.locked[name]);
    platform.locked[name] = random.pick(versions);
    return `${name} ${platform.locked[name]}`;
  },
  'development dependency of the root': (platform, random) => {
    platform.tool = random.pick(TOOLS.filter((version) => version !== platform.tool));
    return 'array-union';
  },
  'named input': (platform) => {
    platform.inputs++;
    return 'nx.json';
  },
  'tsconfig.base.json, seen in bundles': (platform) => {
    platform.defineFields = !platform.defineFields;
    return 'all';
  },
  'tsconfig.base.json, not seen': (platform) => {
    platform.unusedLocals = !platform.unusedLocals;
    return 'all';
  },
  'delete of a service': (platform, random) => {
    if (platform.services.length < 3) return undefined;
    const { name } = random.pick(platform.services);
    platform.services = platform.services.filter((service) => service.name !== name);
    for (const service of platform.services) {
      service.consumes = service.consumes.filter((provider) => provider !== name);
    }
    return name;
  },
  'new service': (platform, random) => {
    if (platform.services.length > 5) return undefined;
    const service = newService(random, platform);
    platform.services.push(service);
    return service.name;
  },
  'link to a library': (platform, random) => {
    const service = random.pick(platform.services);
    const free = platform.libraries.filter(({ name }) => !service.libraries.includes(name));
    if (free.length === 0) return undefined;
    service.libraries.push(random.pick(free).name);
    return service.name;
  },
} satisfies Record<string, Draw>;

export type ChangeKind = keyof typeof DRAWS;
export const CHANGE_KINDS = Object.keys(DRAWS) as ChangeKind[];

/** A random change of a random kind. */
export function drawChange(
  before: Platform,
  random: Random,
  kinds: readonly ChangeKind[] = CHANGE_KINDS,
): Change {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const kind = random.pick(kinds);
    const after = structuredClone(before);
    const of = DRAWS[kind](after, random);
    if (of !== undefined && JSON.stringify(after) !== JSON.stringify(before))
      return { kind, of, after };
  }
  throw new Error(`no change of ${kinds.join(', ')} fits this platform`);
}

function ofService(edit: (service: Service, random: Random) => void | boolean): Draw {
  return (platform, random) => {
    const service = random.pick(platform.services);
    return edit(service, random) === false ? undefined : service.name;
  };
}

function ofLibrary(edit: (library: Library, random: Random) => void): Draw {
  return ({ libraries }, random) => {
    if (libraries.length === 0) return undefined;
    const library = random.pick(libraries);
    edit(library, random);
    return library.name;
  };
}

function pickWhere<T>(
  random: Random,
  values: readonly T[],
  fits: (value: T) => boolean,
): T | undefined {
  const fitting = values.filter(fits);
  return fitting.length > 0 ? random.pick(fitting) : undefined;
}

function otherVersion(random: Random, name: string, now: string): string {
  const versions = SERVICE_PACKAGES[name] ?? LIBRARY_PACKAGES[name]!;
  return random.pick(versions.filter((version) => version !== now));
}

function other(folder: string, home: string): string {
  return folder === home ? 'moved' : home;
}
