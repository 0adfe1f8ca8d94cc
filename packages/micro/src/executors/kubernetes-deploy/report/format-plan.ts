import type {
  ClusterPlanDocument,
  ClusterServiceDocument,
} from '../../../kubernetes/plan-document';
import { describeShare } from '../../../platform/canary';
import { BROKER_NAME } from '../../../platform/datastore';
import { visible } from '../../../platform/visible';
import { formatList } from '../../../terminal/step';
import { formatImage, formatRows, type Row } from '../../plan-rows';

/** The plan as lines for a person. The first line names the environment, the last ones what does not change. */
export function formatPlan(plan: ClusterPlanDocument): string[] {
  const { environment, context, namespace, services, shared, outdated, left, prune } = plan;
  const { broker, observability } = plan;
  const quiet = services.filter(isQuiet).map(({ service }) => service);
  return [
    `plan for ${environment} (namespace ${namespace}, context ${context})`,
    ...formatRows([
      ...shared.map(({ object, action, why }): Row => [action, object, why.join('; ')]),
      ...(broker ? brokerRows(broker) : []),
      ...services.filter((one) => !isQuiet(one)).flatMap((one) => rowsOf(one, environment)),
      ...observability.map(({ name, action, reason }): Row => [action, name, reason]),
      ...[
        ...outdated,
        ...(broker?.action === 'left' ? [{ ...broker, name: BROKER_NAME }] : []),
      ].map(({ name, why }): Row => [
        'left',
        name,
        `${why.join('; ')}. A deploy does not replace a pod that may hold data: back it up, run "kubectl --context ${context} --namespace ${namespace} delete statefulset ${name}" (its volume stays), and deploy again`,
      ]),
      ...left.map((name): Row => [
        prune ? 'remove' : 'left',
        name,
        `it left the workspace; ${prune ? 'its volumes stay' : '--prune removes it'}`,
      ]),
    ]),
    ...(quiet.length > 0 ? formatRows([['keep', formatList(quiet), 'nothing changed']]) : []),
    ...(plan.rollback ? ['  databases do not change: a rollback does not undo migrations'] : []),
  ].map(visible);
}

/** What is left has a line of its own. */
function brokerRows({ action, users, objects }: NonNullable<ClusterPlanDocument['broker']>): Row[] {
  if (action === 'create') return [['start', BROKER_NAME, `needed by ${formatList(users)}`]];
  if (objects.length === 0) return [];
  const changed = objects.map(({ object, why }) => `${object}: ${why.join('; ')}`);
  return [['change', BROKER_NAME, changed.join('; ')]];
}

/** The lines of one service. What the cluster says of it may hold anything. */
export function formatService(one: ClusterServiceDocument, environment: string): string[] {
  return formatRows(rowsOf(one, environment)).map(visible);
}

/** Whether nothing changes for a service. */
function isQuiet({ action, missing, canary }: ClusterServiceDocument): boolean {
  return action === 'keep' && missing.length === 0 && canary === undefined;
}

function rowsOf(one: ClusterServiceDocument, environment: string): Row[] {
  const { service, action, commit, starts, jobs, missing, canary } = one;
  return [
    ...starts.map((name): Row => ['start', name, `needed by ${service}`]),
    ...jobs.map((name): Row => ['run', name, `once, before a new pod of ${service}`]),
    [action, service, describeChange(one)],
    ...(canary?.action === 'run'
      ? [['note', service, describeCanary(canary, environment)] satisfies Row]
      : []),
    ...(action === 'keep' || commit?.reason === undefined
      ? []
      : [[commit.refused ? 'refused' : 'note', service, commit.reason] satisfies Row]),
    ...missing.map((name): Row => [
      'missing',
      name,
      `${service} consumes it, and it is not running in ${environment}: nx kubernetes-deploy ${name} -c ${environment}`,
    ]),
  ];
}

function describeCanary(
  { weight, header, key }: NonNullable<ClusterServiceDocument['canary']>,
  environment: string,
): string {
  return `${describeShare(weight, header)} go to a canary (${key.slice(0, 12)}): nx kubernetes-deploy with -c ${environment} and --promote or --abort ends it`;
}

function describeChange(one: ClusterServiceDocument): string {
  const { action, reason, release, image, from, after } = one;
  if (action === 'keep') return reason;
  const why =
    release === undefined ? reason : `back to r${release}${from ? ` from r${from.release}` : ''}`;
  return [
    from && from.image !== image
      ? `${why}, ${formatImage(from)} -> ${formatImage(one)}`
      : `${why}; ${formatImage(one)}`,
    ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
  ].join('; ');
}
