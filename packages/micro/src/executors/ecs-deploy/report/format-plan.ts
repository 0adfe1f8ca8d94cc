import type { EcsPlanDocument, EcsServiceDocument } from '../../../ecs/plan-document';
import { parseImageReference } from '../../../platform/image-reference';
import { visible } from '../../../platform/visible';
import { formatList } from '../../../terminal/step';
import { formatImage, formatRows, type Row } from '../../plan-rows';

/** The plan as lines for a person. The first line names the environment, the last ones what does not change. */
export function formatPlan(plan: EcsPlanDocument): string[] {
  const { environment, region, cluster, rollback, services, left, prune } = plan;
  const quiet = services.filter(isQuiet).map(({ service }) => service);
  return [
    `plan for ${environment} (cluster ${cluster}, ${region})`,
    ...formatRows([
      ...services.filter((one) => !isQuiet(one)).flatMap((one) => rowsOf(one, environment)),
      ...left.map((name): Row => [
        prune ? 'remove' : 'left',
        name,
        `it left the workspace; ${prune ? 'its task definitions and logs stay' : '--prune removes it'}`,
      ]),
    ]),
    ...(quiet.length > 0 ? formatRows([['keep', formatList(quiet), 'nothing changed']]) : []),
    ...(rollback ? ['  databases do not change: a rollback does not undo migrations'] : []),
  ].map(visible);
}

/** The lines of one service. */
export function formatService(one: EcsServiceDocument, environment: string): string[] {
  return formatRows(rowsOf(one, environment)).map(visible);
}

/** Whether nothing changes for a service. */
function isQuiet({ action, missing }: EcsServiceDocument): boolean {
  return action === 'keep' && missing.length === 0;
}

function rowsOf(one: EcsServiceDocument, environment: string): Row[] {
  const { service, action, commit, jobs, missing } = one;
  return [
    ...jobs.map((name): Row => ['run', name, `once, before a new task of ${service}`]),
    [action, service, describeChange(one)],
    ...(action === 'keep' || commit?.reason === undefined
      ? []
      : [[commit.refused ? 'refused' : 'note', service, commit.reason] satisfies Row]),
    ...missing.map((name): Row => [
      'missing',
      name,
      `${service} consumes it, and it is not running in ${environment}: nx ecs-deploy ${name} -c ${environment}`,
    ]),
  ];
}

function describeChange(one: EcsServiceDocument): string {
  const { action, reason, image, key, from, after } = one;
  if (action === 'keep') return reason;
  const before = from && `${from.key.slice(0, 12)} (${from.digest.slice(0, 19)})`;
  const isOther = from && from.digest !== parseImageReference(image).digest;
  return [
    isOther
      ? `${reason}, ${before} -> ${formatImage({ key, image })}`
      : `${reason}; ${formatImage({ key, image })}`,
    ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
  ].join('; ');
}
