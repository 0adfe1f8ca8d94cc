import { type ComposeEntry } from '../../deployment/entry';
import { secretNames, secretsPart } from '../../deployment/secrets';
import { declaredState, imageOfPush, type DesiredState } from '../../deployment/desired-state';
import { planDeploy } from '../../deployment/plan';
import { elsewhere, type Environment } from '../../platform/environment';
import type { Platform, Service } from '../../platform/platform';
import type { RenderedEntries } from '../../effects/rendered-entries';
import {
  STATUS_VERSION,
  type BackingStatus,
  type Health,
  type PlatformStatus,
  type ServiceStatus,
} from './document';
import { type EdgeStatusFacts, reportEdge } from './edge';
import { driftOf } from './drift';
import {
  defined,
  describeCanary,
  earliest,
  elsewhereNotes,
  notPushed,
  pushedNothing,
  stateOf,
  worstHealth,
} from './shared-report';
import { formatHeader, type CanaryShares } from '../../deployment/canary';
import { canaryIn } from '../../deployment/canary-plan';
import { canaryName } from '../../platform/canary';
import { isServing, type Container, type RunningContainer } from '../../deployment/container';
import { DEPLOY_LABELS } from '../../deployment/labels';
import type { PushReceipt } from '../../image/receipt';
import { LABELS } from '../../platform/image-labels';

/** Everything that a report of an environment is made from. */
export interface StatusFacts {
  platform: Platform;
  environment: Environment;
  /** The Compose project. */
  project: string;
  /** What was last pushed for the environment from this workspace, by service. */
  pushed: ReadonlyMap<string, PushReceipt>;
  /** What was last built here, by service. */
  built: ReadonlyMap<string, string>;
  /** Datastores and the broker, each with what it is. */
  backing: ReadonlyMap<string, string>;
  rendered: RenderedEntries;
  containers: readonly RunningContainer[];
  /** Which requests canaries get. */
  shares: CanaryShares;
  edge?: EdgeStatusFacts;
  now: Date;
  /** Variables that images bring themselves, by the image's id. */
  imageVariables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** How many commits the workspace is ahead of a revision; absent if git cannot tell. */
  commitsSince: ReadonlyMap<string, number>;
  /** The workspace's own commit. */
  commit?: string;
}

/** Whether all is as it should be, as far as it could be seen. */
export function isInStep({ services, backing, edge, left }: PlatformStatus): boolean {
  return (
    services.every(({ state }) => state === 'in-step') &&
    backing.every(({ drift }) => drift.length === 0) &&
    (edge === undefined || (edge.drift.length === 0 && edge.problem === undefined)) &&
    left.length === 0
  );
}

/** Puts what runs beside what should. */
export function reportStatus(facts: StatusFacts): PlatformStatus {
  const { platform, environment, project, containers, backing, rendered, commit } = facts;
  const names = new Set(platform.services.flatMap(({ name }) => [name, canaryName(name)]));
  const deployed = containers.filter(
    ({ labels }) => labels[DEPLOY_LABELS.environment] !== undefined,
  );
  const left = new Set(deployed.map(({ service }) => service).filter((name) => !names.has(name)));
  return {
    version: STATUS_VERSION,
    platform: platform.name,
    environment: environment.name,
    project,
    ...(commit === undefined ? {} : { commit }),
    services: platform.services
      .filter(({ name }) => elsewhere(environment, name) === undefined)
      .map((service) => reportService(service, facts)),
    backing: [...backing].map(([name, engine]) => reportBacking(name, engine, facts)),
    ...(facts.edge ? { edge: reportEdge(facts.edge, facts.now) } : {}),
    left: [...left].sort(),
    notes: [
      ...elsewhereNotes(platform, environment),
      ...(rendered.kind === 'unreadable' ? [`entries were not compared: ${rendered.problem}`] : []),
    ],
  };
}

function reportService(service: Service, facts: StatusFacts): ServiceStatus {
  const { rendered, commitsSince } = facts;
  const { name, kind } = service;
  const own = facts.containers.filter((container) => container.service === name);
  const entry = entryOf(rendered, name);
  const wantedKey = facts.pushed.get(name)?.key;
  const first = own.find(isServing);
  const wanted = wantedOf(service, facts, first);
  const plan = planDeploy(own, wanted);
  const serving = own.filter((container) => plan.serving.includes(container));
  const canary = reportCanary(name, facts);
  const drift = [
    ...(rendered.kind === 'rendered' && !entry
      ? ['not in compose.yaml: run "nx sync"']
      : driftOf(plan, wanted, { entry, imageVariables: facts.imageVariables, serving })),
    ...(canary ? [describeCanary(canary)] : []),
    ...notPushed(facts.built.get(name), wantedKey),
    ...(plan.leftovers.length > 0
      ? [`an earlier deploy left ${plan.leftovers.map((one) => one.name).join(', ')}`]
      : []),
  ];
  const revision = serving[0]?.labels[LABELS.revision];
  const commitsBehind = revision === undefined ? undefined : commitsSince.get(revision);
  const isCompared = wantedKey !== undefined && entry !== undefined;
  return {
    name,
    kind,
    state: stateOf(serving.length > 0, drift, isCompared),
    drift:
      isCompared || serving.length === 0 ? drift : [...drift, whyNotCompared(wantedKey, facts)],
    health: healthOf(serving),
    replicas: { running: serving.length, wanted: wanted.replicas },
    ...defined({
      key: labelOf(first, 'key') || undefined,
      wantedKey,
      revision,
      commitsBehind,
      canary,
      since: sinceOf(serving),
    }),
    containers: serving.map((container) => container.name),
  };
}

/** The canary of a service; one that gets no requests was left by an interrupted deploy. */
function reportCanary(name: string, { containers, shares }: StatusFacts): ServiceStatus['canary'] {
  const found = canaryIn(name, containers, shares);
  if (!found) return undefined;
  const serving = containers.filter((one) => found.containers.includes(one) && isServing(one));
  const { share } = found;
  return {
    key: labelOf(serving[0] ?? found.containers[0], 'key'),
    weight: share?.weight ?? 0,
    ...(share?.header ? { header: formatHeader(share.header) } : {}),
    ready: share !== undefined && serving.length > 0,
    health: healthOf(serving),
  };
}

/** What a service should be; if nothing was pushed or rendered, it is compared with what runs. */
function wantedOf(
  service: Service,
  { environment, rendered, pushed }: StatusFacts,
  running: Container | undefined,
): DesiredState {
  const { name } = service;
  const entry = entryOf(rendered, name);
  const config = rendered.kind === 'rendered' ? rendered.config : { services: {} };
  const push = pushed.get(name);
  const image = push
    ? imageOfPush(push)
    : { key: labelOf(running, 'key'), image: running?.image ?? '', source: 'engine' as const };
  // A deploy alone knows the values of secrets.
  const secrets = secretNames(entry ?? {}).length > 0 ? secretsPart(labelOf(running, 'entry')) : '';
  const wanted = declaredState({ config, service, environment, image, secrets });
  return entry ? wanted : { ...wanted, entryLabel: labelOf(running, 'entry') };
}

function whyNotCompared(
  wantedKey: string | undefined,
  { environment, rendered }: StatusFacts,
): string {
  return wantedKey === undefined || rendered.kind === 'rendered'
    ? pushedNothing(environment)
    : 'its entry was not compared';
}

function reportBacking(name: string, engine: string, facts: StatusFacts): BackingStatus {
  const running = facts.containers.filter(
    ({ service, state }) => service === name && (state === 'running' || state === 'restarting'),
  );
  const [first] = running;
  const wanted = entryOf(facts.rendered, name)?.['image'];
  const health = healthOf(running);
  return {
    name,
    engine,
    ...defined({ image: first?.image, since: sinceOf(running) }),
    health,
    drift: [
      ...(first ? [] : ['not running']),
      ...(first && typeof wanted === 'string' && wanted !== first.image
        ? [`image changed: ${first.image} -> ${wanted}`]
        : []),
      ...(health === 'unhealthy' || health === 'restarting' ? [health] : []),
    ],
  };
}

function entryOf(rendered: RenderedEntries, name: string): ComposeEntry | undefined {
  return rendered.kind === 'rendered' ? rendered.config.services[name] : undefined;
}

function labelOf(container: Container | undefined, label: 'key' | 'entry'): string {
  return container?.labels[DEPLOY_LABELS[label]] ?? '';
}

function healthOf(containers: readonly RunningContainer[]): Health {
  return worstHealth(
    containers.map(({ state, health }) =>
      state === 'restarting' ? 'restarting' : health === 'none' ? 'unchecked' : health,
    ),
  );
}

function sinceOf(containers: readonly RunningContainer[]): string | undefined {
  return earliest(containers.map(({ startedAt }) => startedAt));
}
