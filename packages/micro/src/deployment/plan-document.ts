import { z } from 'zod';
import { formatHeader } from './canary';
import type { CanaryPlan } from './canary-plan';
import type { Container } from './container';
import type { RunPlan, ServicePlan } from './run-plan';
import { runningCommitSchema } from './running-commit-schema';

/** Increased by every incompatible change; new fields are compatible. */
const VERSION = 1;

const names = (what: string) => z.array(z.string()).describe(what);

const servicePlanSchema = z.object({
  service: z.string(),
  action: z
    .enum(['create', 'update', 'restart', 'keep'])
    .describe('What the deploy does: `update` is another image, `restart` the same image again'),
  reason: z.string().describe('Why, in words; not for programs'),
  image: z
    .string()
    .describe('The reference that will run: pinned, or without a digest if it is not pushed yet'),
  key: z.string().describe('The image key of its content'),
  release: z.int().describe('The release that a rollback goes back to').optional(),
  from: z
    .object({ image: z.string(), key: z.string(), release: z.int() })
    .describe('The release that is running')
    .optional(),
  commit: runningCommitSchema
    .describe('The running commit; absent if it is unknown, and for a rollback')
    .optional(),
  order: z
    .enum(['start-first', 'stop-first'])
    .describe('Whether new containers start before the old ones stop; absent if nothing changes')
    .optional(),
  exclusive: z.string().describe('What only one of its containers can have at a time').optional(),
  replicas: z.int().describe('Number of containers after the deploy'),
  serving: names('Its containers that serve now'),
  leftovers: names('Containers that get no traffic; they are removed'),
  recovers: names('Containers that an interrupted deploy stopped; they serve again first'),
  starts: names('Datastores and the broker that it needs and that are started'),
  jobs: names('What runs once before a new container starts, such as a migration'),
  missing: names('Services that it consumes, that do not run and are not deployed now'),
  after: names('Services of the run that are deployed before it'),
  notes: names(
    'What to know about ports that change, in words; not for programs. Absent if there is nothing',
  ).optional(),
});

/** What `compose-deploy --plan --json` prints; what it prints for people is formatted from the same. */
export const planDocumentSchema = z
  .object({
    version: z.literal(VERSION).describe('Version of this format'),
    environment: z.string(),
    project: z.string().describe('The Compose project'),
    rollback: z.boolean(),
    services: z.array(servicePlanSchema).describe('In the order in which they are deployed'),
    edge: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.enum(['none', 'keep']) }),
        z.object({ kind: z.enum(['reload', 'remove']), reason: z.string() }),
        z.object({
          kind: z.enum(['create', 'recreate']),
          reason: z.string(),
          takesFrom: names('Services whose own containers hold ports that it takes over'),
        }),
      ])
      .describe('What happens to the proxy that holds the published ports'),
    canaries: z
      .array(
        z.object({
          service: z.string(),
          action: z
            .enum(['start', 'run', 'promote', 'abort', 'none'])
            .describe(
              'What becomes of it. `start`: it is started or changed; `run`: it goes on beside what is deployed; `none`: what was pushed last serves all requests already',
            ),
          weight: z
            .int()
            .describe('Its share of the requests in percent; if it ends, the share that it had'),
          header: z.string().describe('Requests with this header go to it, too').optional(),
          key: z.string().describe('The image key that it runs, if it runs already').optional(),
        }),
      )
      .describe('Canaries of the services of the run')
      .optional(),
    outdated: z
      .array(
        z.object({
          name: z.string().describe('The container'),
          service: z.string().describe('Its name in the compose file'),
          image: z.string().describe('What it was made from'),
          wanted: z.string().describe('What its entry says now'),
        }),
      )
      .describe(
        'Datastores and brokers that run another image than their entry says; a deploy does not replace them',
      ),
    left: names('Services on the engine that are no longer in the workspace'),
    prune: z.boolean().describe('Whether those are removed'),
  })
  .describe('What compose-deploy will do');
export type PlanDocument = z.output<typeof planDocumentSchema>;
export type ServicePlanDocument = PlanDocument['services'][number];
export type CanaryDocument = NonNullable<PlanDocument['canaries']>[number];

/** A plan as data for programs, and for what is printed. */
export function planDocument({
  services,
  canaries,
  outdated,
  left,
  ...run
}: RunPlan): PlanDocument {
  const { environment, project, rollback, prune, edge } = run;
  return {
    version: VERSION,
    environment,
    project,
    rollback,
    services: services.map(serviceDocument),
    edge: 'takesFrom' in edge ? { ...edge, takesFrom: [...edge.takesFrom] } : edge,
    ...(canaries.length > 0 ? { canaries: canaries.map(canaryDocument) } : {}),
    outdated: [...outdated],
    left: [...left],
    prune,
  };
}

function serviceDocument(one: ServicePlan): ServicePlanDocument {
  const { service, plan, desired, current, revived, starts, missing, after, notes = [] } = one;
  const isKept = plan.kind === 'keep';
  return {
    service,
    action: plan.kind,
    reason: isKept ? 'nothing changed' : plan.reason,
    image: desired.image,
    key: desired.key,
    ...(desired.release ? { release: desired.release.number } : {}),
    ...(current
      ? { from: { image: current.image, key: current.key, release: current.number } }
      : {}),
    ...commitOf(one),
    ...(isKept ? {} : { order: plan.order }),
    ...(desired.exclusive === undefined ? {} : { exclusive: desired.exclusive }),
    replicas: desired.replicas,
    serving: namesOf(plan.serving),
    leftovers: namesOf(plan.leftovers),
    recovers: namesOf(revived),
    starts: [...starts],
    jobs: isKept ? [] : [...desired.jobs],
    missing: [...missing],
    after: [...after],
    ...(notes.length > 0 ? { notes: [...notes] } : {}),
  };
}

function canaryDocument({ service, action, weight, header, key }: CanaryPlan): CanaryDocument {
  return {
    ...{ service, action, weight },
    ...(header ? { header: formatHeader(header) } : {}),
    ...(key === undefined ? {} : { key }),
  };
}

function commitOf({ commit }: ServicePlan): Pick<ServicePlanDocument, 'commit'> {
  if (!commit) return {};
  const { runs, workspace, relation, newer, isRefused, reason } = commit;
  return {
    commit: {
      runs: runs.id,
      dirty: runs.dirty,
      ...(workspace ? { workspace: workspace.id } : {}),
      relation,
      ...(newer === undefined ? {} : { newer }),
      refused: isRefused,
      ...(reason === undefined ? {} : { reason }),
    },
  };
}

function namesOf(containers: readonly Container[]): string[] {
  return containers.map(({ name }) => name);
}
