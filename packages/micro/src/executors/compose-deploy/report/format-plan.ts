import type { Container } from '../../../deployment/container';
import type { DesiredState } from '../../../deployment/desired-state';
import type { RunPlan, ServicePlan } from '../../../deployment/run-plan';
import { parseImageReference } from '../../../platform/image-reference';
import { formatList } from '../../../terminal/step';

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
function jobsOf({ plan, desired }: ServicePlan): readonly string[] {
  return plan.kind === 'keep' ? [] : desired.jobs;
}

function describeChange({ plan, desired, current, after }: ServicePlan): string[] {
  if (plan.kind === 'keep') return [];
  const { release, image, replicas, exclusive } = desired;
  const why = release
    ? `back to r${release.number}${current ? ` from r${current.number}` : ''}`
    : plan.reason;
  return [
    current && current.image !== image
      ? `${why}, ${formatImage(current)} -> ${formatImage(desired)}`
      : `${why}; ${formatImage(desired)}`,
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
function formatImage({ key, image }: Pick<DesiredState, 'key' | 'image'>): string {
  const { digest } = parseImageReference(image);
  return key.slice(0, 12) + (digest === undefined ? '' : ` (${digest.slice(0, 19)})`);
}

function formatRows(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([, name]) => name.length));
  return rows.map(([verb, name, rest]) => `  ${verb.padEnd(7)}  ${name.padEnd(width)}  ${rest}`);
}

function namesOf(containers: readonly Container[]): string {
  return containers.map(({ name }) => name).join(', ');
}
