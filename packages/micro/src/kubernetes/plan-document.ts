import { z } from 'zod';
import { formatHeader } from '../deployment/canary';
import { runningCommitSchema } from '../deployment/running-commit-schema';
import { kubectlName, type BrokerPlan, type ClusterPlan } from './cluster-plan';
import type { Named } from './live-object';
import { changesPart, whyPart, type PartPlan } from './part-plan';
import type { EntryPlan, ServicePlan } from './service-plan';

/** Increased by every incompatible change; new fields are compatible. */
const VERSION = 1;

const names = (what: string) => z.array(z.string()).describe(what);

const objectsSchema = z.array(
  z.object({
    object: z.string().describe('Kind and name, such as `deployment/orders`'),
    action: z.enum(['create', 'change', 'delete']),
    why: names('In words; not for programs'),
  }),
);

const servicePlanSchema = z.object({
  service: z.string(),
  action: z
    .enum(['create', 'update', 'restart', 'change', 'watch', 'keep', 'canary'])
    .describe(
      'What the deploy does: `update` is another image, `restart` the same image in new pods, `change` replaces no pod, `watch` waits for the rollout of an interrupted deploy, `canary` runs it for a share of the requests',
    ),
  reason: z.string().describe('Why, in words; not for programs'),
  image: z
    .string()
    .describe('The reference that will run: pinned, or without a digest if it is not pushed yet'),
  key: z.string().describe('The image key of its content'),
  canary: z
    .object({
      action: z
        .enum(['start', 'run', 'promote', 'abort'])
        .describe('What becomes of it; `run`: it goes on beside what is deployed'),
      weight: z.int().describe('Its share of the requests in percent, until it ends'),
      header: z.string().describe('Requests with this header go to it, too').optional(),
      image: z.string(),
      key: z.string(),
    })
    .describe('The canary that runs or is started')
    .optional(),
  release: z.int().describe('The release that a rollback goes back to').optional(),
  from: z
    .object({ image: z.string(), key: z.string(), release: z.int() })
    .describe('The release that is running')
    .optional(),
  commit: runningCommitSchema
    .describe('The running commit; absent if it is unknown, and for a rollback')
    .optional(),
  objects: objectsSchema.describe('Objects that are written; all others stay as they are'),
  starts: names('Datastores that are started'),
  jobs: names('What runs once before a new pod starts, such as a migration'),
  missing: names('Services that it consumes, that do not run and are not deployed now'),
  after: names('Services of the run that are deployed before it'),
});

/** What `kubernetes-deploy --plan --json` prints; what it prints for people is formatted from the same. */
export const clusterPlanSchema = z
  .object({
    version: z.literal(VERSION).describe('Version of this format'),
    engine: z.literal('kubernetes'),
    environment: z.string(),
    context: z.string().describe('The kubectl context'),
    namespace: z.string(),
    rollback: z.boolean(),
    services: z.array(servicePlanSchema).describe('In the order in which they are deployed'),
    shared: objectsSchema.describe('Objects that belong to no single service'),
    broker: z
      .object({
        action: z
          .enum(['create', 'change', 'keep', 'left'])
          .describe('`left`: it differs from its entry, and a deploy does not replace its pod'),
        users: names('Services of the run that use it; they are deployed after it'),
        why: names('What differs, if it is left; not for programs'),
        objects: objectsSchema.describe('Objects that are written'),
      })
      .describe('The broker that runs in the cluster; absent if no service of the run uses it')
      .optional(),
    observability: z
      .array(
        z.object({
          name: z.string().describe('Such as `prometheus`'),
          action: z.enum(['create', 'change']),
          reason: z.string().describe('Why, in words; not for programs'),
          objects: objectsSchema,
        }),
      )
      .describe('Parts of observability that are started or changed'),
    outdated: z
      .array(
        z.object({
          name: z.string().describe('The datastore, or the part of observability'),
          service: z
            .string()
            .describe('Its owner; a part of observability has none, and here its name'),
          why: names('What differs; not for programs'),
        }),
      )
      .describe('Datastores that differ from their entry; a deploy does not replace their pods'),
    left: names('Services and datastores in the cluster that are no longer in the workspace'),
    prune: z.boolean().describe('Whether those are deleted'),
  })
  .describe('What kubernetes-deploy will do');
export type ClusterPlanDocument = z.output<typeof clusterPlanSchema>;
export type ClusterServiceDocument = ClusterPlanDocument['services'][number];

/** A plan as data for programs, and for what is printed. */
export function clusterPlanDocument(plan: ClusterPlan): ClusterPlanDocument {
  const { environment, context, namespace, rollback, services, shared, parts, left, prune } = plan;
  const { broker } = plan;
  return {
    version: VERSION,
    engine: 'kubernetes',
    ...{ environment, context, namespace, rollback },
    services: services.map(serviceDocument),
    shared: objectsOf(shared),
    ...(broker ? { broker: brokerDocument(broker) } : {}),
    observability: parts.filter(changesPart).map(partDocument),
    outdated: [
      ...services.flatMap(({ service, datastores }) =>
        datastores
          .filter(({ action }) => action === 'left')
          .map(({ entry, why }) => ({ name: entry.name, service, why: [...why] })),
      ),
      ...parts
        .filter(({ action }) => action === 'left')
        .map(({ entry: { name }, why }) => ({ name, service: name, why: [...why] })),
    ],
    left: [...left.keys()],
    prune,
  };
}

function brokerDocument(broker: BrokerPlan): NonNullable<ClusterPlanDocument['broker']> {
  const { action, users, why, objects } = broker;
  return {
    ...{ action, users: [...users], why: [...why] },
    objects: [...secretOf(broker), ...objectsOf(objects)],
  };
}

function partDocument(part: PartPlan): ClusterPlanDocument['observability'][number] {
  const { entry, action, objects, obsolete } = part;
  return {
    name: entry.name,
    action: action === 'create' ? 'create' : 'change',
    reason: whyPart(part).join('; '),
    objects: [...secretOf(part), ...objectsOf(objects), ...obsolete.map(deleted)],
  };
}

function deleted(object: Named): ClusterServiceDocument['objects'][number] {
  const why = ['it is not declared any more'];
  return { object: kubectlName(object), action: 'delete', why };
}

function serviceDocument(one: ServicePlan): ClusterServiceDocument {
  const { service, action, reason, desired, current, datastores, jobs, missing, after } = one;
  return {
    ...{ service, action, reason, image: desired.image, key: desired.key },
    ...canaryOf(one),
    ...(desired.release && !endsCanary(one) ? { release: desired.release.number } : {}),
    ...(current
      ? { from: { image: current.image, key: current.key, release: current.number } }
      : {}),
    ...commitOf(one),
    objects: [
      ...datastores.flatMap((datastore) => [
        ...secretOf(datastore),
        ...objectsOf(datastore.objects),
      ]),
      ...jobs.flatMap((job) => [...secretOf(job), ...objectsOf(job.objects)]),
      ...secretOf({ entry: desired.entry, secret: one.secret }),
      ...objectsOf(one.objects),
      ...objectsOf(one.canary?.routes ?? []),
      ...one.obsolete.map(deleted),
    ],
    starts: datastores.filter(({ action }) => action === 'create').map(({ entry }) => entry.name),
    jobs: jobs.map(({ entry }) => entry.name),
    missing: [...missing],
    after: [...after],
  };
}

function objectsOf(plans: EntryPlan['objects']): ClusterServiceDocument['objects'] {
  return plans.flatMap(({ kind, object, why }) =>
    kind === 'keep' ? [] : [{ object: kubectlName(object), action: kind, why: [...why] }],
  );
}

function secretOf({ entry, secret }: Pick<EntryPlan, 'entry' | 'secret'>) {
  if (!secret || entry.secretName === undefined) return [];
  const why = ['it is not there'];
  return [{ object: `secret/${entry.secretName}`, action: 'create' as const, why }];
}

function canaryOf({ canary }: ServicePlan): Pick<ClusterServiceDocument, 'canary'> {
  if (!canary) return {};
  const { action, weight, header, image, key } = canary;
  const shown = header ? { header: formatHeader(header) } : {};
  return { canary: { action, weight, ...shown, image, key } };
}

function endsCanary({ canary }: ServicePlan): boolean {
  return canary?.action === 'promote' || canary?.action === 'abort';
}

function commitOf({ commit }: ServicePlan): Pick<ClusterServiceDocument, 'commit'> {
  if (!commit) return {};
  const { runs, workspace, relation, newer, isRefused, reason } = commit;
  return {
    commit: {
      ...{ runs: runs.id, dirty: runs.dirty },
      ...(workspace ? { workspace: workspace.id } : {}),
      relation,
      ...(newer === undefined ? {} : { newer }),
      refused: isRefused,
      ...(reason === undefined ? {} : { reason }),
    },
  };
}
