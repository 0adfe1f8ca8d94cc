import type { Container } from '../effects/containers';
import { parseImageReference } from '../platform/image-reference';
import { formatList } from '../terminal/step';
import { DEPLOY_LABELS } from './entry';
import type { DeployPlan } from './plan';
import type { Release } from './release';
import type { Target } from './desired-state';

/** A container of a datastore or the broker, which a deploy leaves as it is. */
export interface Outdated {
  name: string;
  /** Its name in the compose file. */
  service: string;
  /** What it was made from. */
  image: string;
  /** What its entry says by now. */
  wanted: string;
}

/** What a run does for one service. */
export interface ServicePlan {
  service: string;
  target: Target;
  plan: DeployPlan;
  /** The release that serves now. */
  current: Release | undefined;
  /** Containers that a deploy which was ended took out of service, and that come back first. */
  revived: readonly Container[];
  /** Datastores and the broker that it needs and that do not run. */
  starts: readonly string[];
  /** Services that it consumes, that do not run, and that this command does not deploy either. */
  missing: readonly string[];
  /** Services of the run that are rolled before it. */
  after: readonly string[];
}

/** What a whole run does, in the order in which services are rolled. */
export interface RunPlan {
  environment: string;
  project: string;
  rollback: boolean;
  services: readonly ServicePlan[];
  /** Of whichever services need them, each once. */
  outdated: readonly Outdated[];
  /** Services on the engine that the workspace does not have any more. */
  left: readonly string[];
  prune: boolean;
}

/** Containers of services that were deployed by us and that no compose file names any more. */
export function leftContainers(
  containers: readonly Container[],
  names: readonly string[],
): Container[] {
  return containers.filter(
    ({ service, labels }) =>
      labels[DEPLOY_LABELS.environment] !== undefined && !names.includes(service),
  );
}

/** What is done to what, and why. */
type Row = [verb: string, name: string, rest: string];

/** The plan as lines for a person; the first names the environment, the last what stays as it is. */
export function formatPlan(plan: RunPlan): string[] {
  const { environment, services, outdated, left, prune, rollback } = plan;
  const quiet = services.filter(isQuiet).map(({ service }) => service);
  return [
    `plan for ${environment}`,
    ...formatRows([
      ...services.filter((one) => !isQuiet(one)).flatMap((one) => rowsOf(one, environment)),
      ...outdated.map(({ name, service, image, wanted }): Row => [
        'left',
        service,
        `it is ${image}, and ${wanted} in its entry; no deploy replaces what may hold data: back it up, remove the container ${name} (a named volume stays), and deploy again`,
      ]),
      ...left.map((name): Row => [
        prune ? 'remove' : 'left',
        name,
        `it left the workspace; ${prune ? 'its volumes stay' : '--prune removes it'}`,
      ]),
    ]),
    ...(quiet.length > 0 ? formatRows([['keep', formatList(quiet), 'nothing changed']]) : []),
    ...(rollback ? ['  databases stay as they are: a rollback undoes no migration'] : []),
  ];
}

/** The lines of one service. */
export function formatService(one: ServicePlan, environment: string): string[] {
  return formatRows(rowsOf(one, environment));
}

/** Whether there is no more to say of a service than that nothing changed. */
function isQuiet({ plan, revived, starts, missing }: ServicePlan): boolean {
  const more = [...plan.leftovers, ...revived, ...starts, ...missing];
  return plan.kind === 'keep' && more.length === 0;
}

function rowsOf(one: ServicePlan, environment: string): Row[] {
  const { service, plan, revived, starts, missing } = one;
  const recovered = `a deploy was interrupted; ${namesOf(revived)} serves again first`;
  const change = plan.kind === 'keep' ? ['nothing changed'] : describeChange(one);
  const leftovers = plan.leftovers.filter((container) => !revived.includes(container));
  return [
    ...(revived.length > 0 ? [['recover', service, recovered] satisfies Row] : []),
    [plan.kind, service, change.join('; ')],
    ...(leftovers.length > 0
      ? [['remove', namesOf(leftovers), `of ${service}, and serves nobody`] satisfies Row]
      : []),
    ...starts.map((name): Row => ['start', name, `needed by ${service}`]),
    ...jobsOf(one).map((name): Row => ['run', name, `once, before a new container of ${service}`]),
    ...missing.map((name): Row => [
      'missing',
      name,
      `${service} consumes it, and it does not run in ${environment}: nx compose-deploy ${name} -c ${environment}`,
    ]),
  ];
}

/** What runs once before the service is changed. */
function jobsOf({ plan, target }: ServicePlan): readonly string[] {
  return plan.kind === 'keep' ? [] : target.jobs;
}

function describeChange({ plan, target, current, after }: ServicePlan): string[] {
  if (plan.kind === 'keep') return [];
  const { release, image, replicas, exclusive } = target;
  const why = release
    ? `back to r${release.number}${current ? ` from r${current.number}` : ''}`
    : plan.reason;
  return [
    current && current.image !== image
      ? `${why}, ${formatImage(current)} -> ${formatImage(target)}`
      : `${why}; ${formatImage(target)}`,
    ...(plan.order === 'stop-first'
      ? [`stopped first, since two cannot run side by side (${exclusive})`]
      : []),
    ...(replicas > 1 && plan.kind !== 'create'
      ? [`${replicas} containers one after the other`]
      : []),
    ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
  ];
}

/** `c19701d16992 (sha256:5669fc6c4141)`: its content, and as what a registry knows it; all of both is in the JSON. */
function formatImage({ key, image }: Pick<Target, 'key' | 'image'>): string {
  const { digest } = parseImageReference(image);
  return key.slice(0, 12) + (digest === undefined ? '' : ` (${digest.slice(0, 19)})`);
}

/** The plan for a program, as one line of JSON. */
export function planToJson({ services, ...run }: RunPlan): string {
  return JSON.stringify({
    ...run,
    services: services.map(
      ({ service, plan, target, current, revived, starts, missing, after }) => ({
        service,
        action: plan.kind,
        reason: plan.kind === 'keep' ? 'nothing changed' : plan.reason,
        image: target.image,
        key: target.key,
        release: target.release?.number,
        from: current && { image: current.image, key: current.key, release: current.number },
        order: plan.kind === 'keep' ? undefined : plan.order,
        exclusive: target.exclusive,
        replicas: target.replicas,
        serving: plan.serving.map(({ name }) => name),
        leftovers: plan.leftovers.map(({ name }) => name),
        recovers: revived.map(({ name }) => name),
        starts,
        jobs: plan.kind === 'keep' ? [] : target.jobs,
        missing,
        after,
      }),
    ),
  });
}

function formatRows(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([, name]) => name.length));
  return rows.map(([verb, name, rest]) => `  ${verb.padEnd(7)}  ${name.padEnd(width)}  ${rest}`);
}

function namesOf(containers: readonly Container[]): string {
  return containers.map(({ name }) => name).join(', ');
}
