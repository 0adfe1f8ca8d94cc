import { describeEdgePlan } from '../../../deployment/edge-plan';
import type {
  CanaryDocument,
  PlanDocument,
  ServicePlanDocument,
} from '../../../deployment/plan-document';
import { canaryName, describeShare } from '../../../platform/canary';
import { visible } from '../../../platform/visible';
import { formatList } from '../../../terminal/step';
import { formatImage, formatRows, type Row } from '../../plan-rows';

/** The plan as lines for a person. The first line names the environment, the last ones what does not change. */
export function formatPlan(plan: PlanDocument): string[] {
  const { environment, services, canaries = [], outdated, left, prune, rollback, edge } = plan;
  const quiet = services.filter(isQuiet).map(({ service }) => service);
  return [
    `plan for ${environment}`,
    ...formatRows([
      ...services.filter((one) => !isQuiet(one)).flatMap((one) => rowsOf(one, environment)),
      ...canaries.map((one) => canaryRow(one, environment)),
      ...(edge.kind === 'none' || edge.kind === 'keep'
        ? []
        : [[edge.kind, 'edge', describeEdgePlan(edge)] satisfies Row]),
      ...outdated.map(({ name, service, image, wanted }): Row => [
        'left',
        service,
        `it runs ${image}, but its entry says ${wanted}. A deploy does not replace a container that may hold data: back it up, remove the container ${name} (a named volume stays), and deploy again`,
      ]),
      ...left.map((name): Row => [
        prune ? 'remove' : 'left',
        name,
        `it left the workspace; ${prune ? 'its volumes stay' : '--prune removes it'}`,
      ]),
    ]),
    ...(quiet.length > 0 ? formatRows([['keep', formatList(quiet), 'nothing changed']]) : []),
    ...(rollback ? ['  databases do not change: a rollback does not undo migrations'] : []),
  ].map(visible);
}

/** The lines of one service. What the engine says of it may hold anything. */
export function formatService(one: ServicePlanDocument, environment: string): string[] {
  return formatRows(rowsOf(one, environment)).map(visible);
}

/** Whether nothing changes for a service. */
function isQuiet({ action, leftovers, recovers, starts, missing }: ServicePlanDocument): boolean {
  return action === 'keep' && [...leftovers, ...recovers, ...starts, ...missing].length === 0;
}

function rowsOf(one: ServicePlanDocument, environment: string): Row[] {
  const { service, action, recovers, starts, jobs, missing } = one;
  const recovered = `a deploy was interrupted; ${recovers.join(', ')} serves again first`;
  const leftovers = one.leftovers.filter((name) => !recovers.includes(name));
  return [
    ...(recovers.length > 0 ? [['recover', service, recovered] satisfies Row] : []),
    [action, service, describeChange(one).join('; ')],
    ...commitRows(one),
    ...(one.notes ?? []).map((note): Row => ['note', service, note]),
    ...(leftovers.length > 0
      ? [['remove', leftovers.join(', '), `of ${service}, gets no traffic`] satisfies Row]
      : []),
    ...starts.map((name): Row => ['start', name, `needed by ${service}`]),
    ...jobs.map((name): Row => ['run', name, `once, before a new container of ${service}`]),
    ...missing.map((name): Row => [
      'missing',
      name,
      `${service} consumes it, and it is not running in ${environment}: nx compose-deploy ${name} -c ${environment}`,
    ]),
  ];
}

function canaryRow(canary: CanaryDocument, environment: string): Row {
  const { service, action } = canary;
  const name = canaryName(service);
  switch (action) {
    case 'start':
      return ['canary', service, `${describeShare(canary.weight, canary.header)} go to ${name}`];
    case 'run': {
      const end = `nx compose-deploy ${service} -c ${environment} with --promote or --abort ends it`;
      return [
        'note',
        service,
        `${describeShare(canary.weight, canary.header)} go to ${name}: ${end}`,
      ];
    }
    case 'promote':
      return ['remove', name, `once all requests go to its version`];
    case 'abort':
      return ['remove', name, `all requests go to the version of ${service} that serves`];
    case 'none':
      return [
        'keep',
        service,
        'what was pushed last serves all requests, so there is nothing to try',
      ];
  }
}

/** A note about commits; none for a service that does not change. */
function commitRows({ service, action, commit }: ServicePlanDocument): Row[] {
  if (action === 'keep' || commit?.reason === undefined) return [];
  return [[commit.refused ? 'refused' : 'note', service, commit.reason]];
}

function describeChange(one: ServicePlanDocument): string[] {
  const { action, reason, release, image, from, order, exclusive, replicas, after } = one;
  if (action === 'keep') return [reason];
  const why =
    release === undefined ? reason : `back to r${release}${from ? ` from r${from.release}` : ''}`;
  return [
    from && from.image !== image
      ? `${why}, ${formatImage(from)} -> ${formatImage(one)}`
      : `${why}; ${formatImage(one)}`,
    ...(order === 'stop-first'
      ? [
          `stopped first, because two cannot run side by side (${exclusive}): nothing answers until the new one does${exclusive?.startsWith('port ') ? ' (without "edge: false" in the environment, the edge would hold the port of the service)' : ''}`,
        ]
      : []),
    ...(replicas > 1 && action !== 'create' ? [`${replicas} containers one after the other`] : []),
    ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
  ];
}
