import { checkWritten, type Check } from './check';
import { checkCluster, type ClusterDoctorFacts } from './cluster-checks';
import type { LockfileGap } from '../../artifact/lockfile-gaps';
import type { Limit } from '../../lambda/limits';
import { composeFaults } from './compose-faults';
import { checkEdge, type EdgeFacts } from './edge-checks';
import { checkFunctions } from './lambda-checks';
import { checkLockfile } from './lockfile-check';
import { isOlder, parseVersion, type Version } from './version';

/** What was found on the machine and at the engine; a problem is what kept it from being found. */
export interface DoctorFacts {
  node: string;
  /** The workspace's own Nx. */
  nx?: string;
  /** What package-lock.json lacks; absent if npm does not install, or the file cannot be read. */
  lockfileGaps?: readonly LockfileGap[];
  engine: AnsweringEngine | { kind: 'silent'; problem: string };
  /** What `docker buildx version` says; absent if there is none. */
  buildx?: string;
  compose?: string;
  /** Where images are kept; absent if the engine is on another machine. */
  disk?: { folder: string; free: number };
  /** What the builder builds for, and what the services' options ask for. */
  platforms: { known: readonly string[]; wanted: readonly string[] };
  ports: readonly PortFact[];
  /** Absent without an engine, or without an edge. */
  edge?: EdgeFacts;
  registry?: RegistryFact;
  /** Of an environment for a cluster. */
  cluster?: ClusterDoctorFacts;
  /** Variables that .env lacks. */
  missingSecrets: readonly string[];
  /** What a deploy could not keep to of compose files, each with its file and line. */
  contradictions: readonly string[];
  /** What keeps the platform from running on ECS, for an environment there. */
  notOnEcs?: readonly string[];
  /** What services with `lambda: true` do otherwise as functions. */
  functionLimits?: readonly Limit[];
  /** Where the images of earlier releases are; absent without an engine. */
  keepsImages?: 'engine' | 'registry';
  sync: { kind: 'in-step' } | { kind: 'drifted' | 'failed'; says: string };
}

interface AnsweringEngine {
  kind: 'answers';
  /** What answers on the socket: Podman has Docker's API, too. */
  name: 'Docker' | 'Podman';
  client: string;
  server: string;
}

/** A port of the host that the platform publishes. */
export interface PortFact {
  service: string;
  /** `127.0.0.1:3000` */
  address: string;
  /** The key and the file in which a person chooses it. */
  chosenIn: string;
  /** Whether the edge should hold it. */
  throughEdge: boolean;
  /** `free`; its own container or the edge has it; or another has, with its name if it is known. */
  state: 'free' | 'own' | 'edge' | { takenBy: string };
}

export interface RegistryFact {
  host: string;
  answer: 'answers' | 'denied' | 'silent' | 'unnamed';
  problem?: string;
}

const OLDEST_NODE: Version = [20, 20, 2];
/** Node 20 is out of support since April 2026. */
const SUPPORTED_NODE: Version = [22, 0, 0];
const NX: { from: Version; below: Version } = { from: [22, 0, 0], below: [25, 0, 0] };
/** The first engine whose BuildKit knows named build contexts and `COPY --link`. */
const OLDEST_ENGINE: Version = [23, 0, 0];
/** The oldest major version that was run. */
const OLDEST_PODMAN: Version = [5, 0, 0];
const PODMAN_LIMITS =
  'Podman runs health checks only if systemd runs, and has no log driver "local": write "json-file" into compose entries. docs/support.md says what works';
/** The first buildx with `--build-context`. */
const OLDEST_BUILDX: Version = [0, 8, 0];

const GB = 1e9;
const FULL = 1 * GB;
const NEARLY_FULL = 5 * GB;

/** Judges each fact; all of them are told, the good ones too. */
export function checkFacts(facts: DoctorFacts, now: Date): Check[] {
  return [
    checkNode(facts.node),
    checkNx(facts.nx),
    ...(facts.lockfileGaps ? checkLockfile(facts.lockfileGaps) : []),
    ...checkEngine(facts),
    ...(facts.disk ? [checkDisk(facts.disk)] : []),
    ...checkPlatforms(facts.platforms),
    ...facts.ports.map(checkPort),
    ...(facts.edge ? checkEdge(facts.edge, now) : []),
    ...(facts.registry ? [checkRegistry(facts.registry)] : []),
    ...(facts.cluster ? checkCluster(facts.cluster) : []),
    ...(facts.notOnEcs ? checkOnEcs(facts.notOnEcs) : []),
    checkSecrets(facts.missingSecrets),
    ...facts.contradictions.map((says) => checkWritten('compose', says)),
    ...checkFunctions(facts.functionLimits ?? []),
    ...(facts.keepsImages ? [checkPruning(facts.keepsImages)] : []),
    checkSync(facts.sync),
  ];
}

function checkOnEcs(problems: readonly string[]): Check[] {
  const what = 'ECS';
  if (problems.length === 0) return [{ level: 'ok', what, says: 'every service can be rendered' }];
  const advice = 'correct it: "micro render" stops at it';
  return problems.map((says) => ({ level: 'fail', what, says, advice }));
}

function checkNode(text: string): Check {
  const what = 'Node';
  const version = parseVersion(text)!;
  if (isOlder(version, OLDEST_NODE)) {
    return {
      level: 'fail',
      what,
      says: text,
      advice: 'install Node 24; the oldest version that works is 20.20.2',
    };
  }
  return isOlder(version, SUPPORTED_NODE)
    ? {
        level: 'warn',
        what,
        says: text,
        advice: 'this version gets no security fixes any more: install Node 24',
      }
    : { level: 'ok', what, says: text };
}

function checkNx(text: string | undefined): Check {
  const what = 'Nx';
  const version = parseVersion(text);
  if (!text || !version) {
    return { level: 'fail', what, says: 'not installed', advice: 'run "npm install"' };
  }
  return isOlder(version, NX.from) || !isOlder(version, NX.below)
    ? { level: 'fail', what, says: text, advice: '@org/micro works with Nx 22, 23 and 24' }
    : { level: 'ok', what, says: text };
}

function checkEngine({ engine, buildx, compose }: DoctorFacts): Check[] {
  const checks: Check[] = [];
  if (engine.kind === 'silent') {
    const advice = 'start it, or correct "host" or "context" of the environment';
    checks.push({ level: 'fail', what: 'engine', says: engine.problem, advice });
  } else {
    checks.push(engine.name === 'Podman' ? checkPodman(engine) : checkDocker(engine));
  }
  checks.push(checkBuildx(buildx), ...checkCompose(compose));
  return checks;
}

function checkDocker({ client, server }: AnsweringEngine): Check {
  const version = parseVersion(server);
  const says = `${server} (client ${client})`;
  return version && isOlder(version, OLDEST_ENGINE)
    ? { level: 'fail', what: 'engine', says, advice: 'images need Docker Engine 23 or later' }
    : { level: 'ok', what: 'engine', says };
}

function checkPodman({ client, server }: AnsweringEngine): Check {
  const version = parseVersion(server);
  const says = `Podman ${server} (client ${client})`;
  return version && isOlder(version, OLDEST_PODMAN)
    ? { level: 'fail', what: 'engine', says, advice: 'deploys need Podman 5 or later' }
    : { level: 'warn', what: 'engine', says, advice: PODMAN_LIMITS };
}

function checkBuildx(text: string | undefined): Check {
  const what = 'buildx';
  const version = parseVersion(text);
  if (!version) {
    return { level: 'fail', what, says: 'not installed', advice: 'install docker-buildx-plugin' };
  }
  const says = version.join('.');
  return isOlder(version, OLDEST_BUILDX)
    ? { level: 'fail', what, says, advice: 'images need buildx 0.8 or later' }
    : { level: 'ok', what, says };
}

function checkCompose(text: string | undefined): Check[] {
  const what = 'Compose';
  const version = parseVersion(text);
  if (!version) {
    return [
      { level: 'fail', what, says: 'not installed', advice: 'install docker-compose-plugin' },
    ];
  }
  const says = version.join('.');
  const faults = composeFaults(version);
  if (faults.length === 0) return [{ level: 'ok', what, says }];
  return faults.map(({ level, says: advice }) => ({ level, what, says, advice }));
}

function checkDisk({ folder, free }: NonNullable<DoctorFacts['disk']>): Check {
  const says = `${(free / GB).toFixed(1)} GB free in ${folder}`;
  const advice =
    '"docker system df" shows what takes the space; "docker builder prune" frees some of it';
  if (free < FULL) return { level: 'fail', what: 'disk', says, advice };
  if (free < NEARLY_FULL) return { level: 'warn', what: 'disk', says, advice };
  return { level: 'ok', what: 'disk', says };
}

function checkPlatforms({ known, wanted }: DoctorFacts['platforms']): Check[] {
  if (known.length === 0) return [];
  const missing = wanted.filter((platform) => !known.includes(platform));
  // The variants of a platform that is there say nothing new.
  const says = `builds for ${known.filter((name) => name.split('/').length < 3 || !known.includes(name.replace(/\/[^/]*$/, ''))).join(', ')}`;
  if (missing.length === 0) return [{ level: 'ok', what: 'platforms', says }];
  return [
    {
      level: 'fail',
      what: 'platforms',
      says: `${says}; also needed: ${missing.join(', ')}`,
      advice: 'install emulation (binfmt, qemu-user-static) or use a builder of that platform',
    },
  ];
}

function checkPort({ service, address, chosenIn, throughEdge, state }: PortFact): Check {
  const what = 'port';
  if (typeof state === 'string') {
    return { level: 'ok', what, says: `${address} ${describeHolder(state, service, throughEdge)}` };
  }
  return {
    level: 'fail',
    what,
    says: `${address} of ${service} is taken by ${state.takenBy}`,
    advice: `stop that, or choose another port with ${chosenIn}`,
  };
}

function describeHolder(
  state: 'free' | 'own' | 'edge',
  service: string,
  throughEdge: boolean,
): string {
  if (state === 'free')
    return `free for ${throughEdge ? `the edge, which leads to ${service}` : service}`;
  if (state === 'edge') return `used by the edge for ${service}`;
  return `used by ${service} itself${throughEdge ? '; the next deploy gives it to the edge' : ''}`;
}

function checkRegistry({ host, answer, problem }: RegistryFact): Check {
  const what = 'registry';
  if (answer === 'answers') return { level: 'ok', what, says: `${host} answers` };
  const says = problem ?? `${host} does not answer`;
  if (answer === 'unnamed') {
    const advice = 'add "registry:" to the environment, or "images: local"';
    return { level: 'fail', what, says, advice };
  }
  return answer === 'denied'
    ? { level: 'fail', what, says, advice: `run "docker login ${host}"` }
    : { level: 'fail', what, says, advice: 'check its address and the network' };
}

function checkSecrets(missing: readonly string[]): Check {
  const what = 'secrets';
  return missing.length === 0
    ? { level: 'ok', what, says: '.env has all passwords and keys' }
    : {
        level: 'fail',
        what,
        says: `.env lacks ${missing.join(', ')}`,
        advice: 'run "npx micro env"',
      };
}

/** Many hosts prune every night. This says what such a prune would remove. */
function checkPruning(keepsImages: 'engine' | 'registry'): Check {
  const says =
    keepsImages === 'registry'
      ? '"docker system prune --all" removes no release: a rollback pulls its images again'
      : '"docker system prune" removes no release; with --all, it removes the images of earlier releases, which no registry has';
  return { level: 'ok', what: 'pruning', says };
}

function checkSync(sync: DoctorFacts['sync']): Check {
  const what = 'sync';
  if (sync.kind === 'in-step') {
    return { level: 'ok', what, says: 'every derived file is up to date with the manifests' };
  }
  const advice =
    sync.kind === 'drifted' ? 'run "npx nx sync"' : 'run "npx nx sync:check" to see it all';
  return { level: 'fail', what, says: sync.says, advice };
}
