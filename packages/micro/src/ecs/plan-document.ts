import { z } from 'zod';
import { runningCommitSchema } from '../deployment/running-commit-schema';
import { callsOf, type EcsPlan, type EcsServicePlan } from './service-plan';

/** Increased by every incompatible change; new fields are compatible. */
const VERSION = 1;

const names = (what: string) => z.array(z.string()).describe(what);

const servicePlanSchema = z.object({
  service: z.string(),
  action: z
    .enum(['create', 'update', 'change', 'keep'])
    .describe(
      'What the deploy does: `update` is another task definition, `change` another setting of the service or its autoscaler',
    ),
  reason: z.string().describe('Why, in words; not for programs'),
  image: z
    .string()
    .describe('The reference that will run: pinned, or without a digest if it is not pushed yet'),
  key: z.string().describe('The image key of its content'),
  release: z.int().describe('The release that a rollback goes back to').optional(),
  from: z
    .object({
      key: z.string(),
      digest: z.string().describe('The digest of its image'),
      release: z.int().describe('The revision of its task definition'),
    })
    .describe('The release that was deployed last')
    .optional(),
  commit: runningCommitSchema.describe('The running commit; absent if it is unknown').optional(),
  calls: names('The calls that change something, in their order, as the AWS CLI names them'),
  jobs: names('What runs once before new tasks start, such as a migration'),
  missing: names('Services that it consumes, that do not run and are not deployed now'),
  after: names('Services of the run that are deployed before it'),
});

/** What `ecs-deploy --plan --json` prints; what it prints for people is formatted from the same. */
export const ecsPlanSchema = z
  .object({
    version: z.literal(VERSION).describe('Version of this format'),
    engine: z.literal('ecs'),
    environment: z.string(),
    region: z.string(),
    cluster: z.string(),
    rollback: z.boolean(),
    services: z.array(servicePlanSchema).describe('In the order in which they are deployed'),
    left: names('Services in the cluster that are no longer in the workspace'),
    prune: z.boolean().describe('Whether those are deleted'),
  })
  .describe('What ecs-deploy will do');
export type EcsPlanDocument = z.output<typeof ecsPlanSchema>;
export type EcsServiceDocument = EcsPlanDocument['services'][number];

/** A plan as data for programs, and for what is printed. */
export function ecsPlanDocument(plan: EcsPlan): EcsPlanDocument {
  const { environment, region, cluster, rollback, services, left, prune } = plan;
  return {
    ...{ version: VERSION, engine: 'ecs', environment, region, cluster, rollback },
    services: services.map(serviceDocument),
    left: [...left.keys()],
    prune,
  };
}

function serviceDocument(one: EcsServicePlan): EcsServiceDocument {
  const { service, action, reason, desired, current, runsJobs, missing, after } = one;
  return {
    ...{ service, action, reason, image: desired.image, key: desired.key },
    ...(desired.release ? { release: desired.release.revision } : {}),
    ...(current
      ? { from: { key: current.key, digest: current.digest, release: current.revision } }
      : {}),
    ...commitOf(one),
    calls: callsOf(one),
    jobs: runsJobs ? desired.jobs.map(({ name }) => name) : [],
    missing: [...missing],
    after: [...after],
  };
}

function commitOf({ commit }: EcsServicePlan): Pick<EcsServiceDocument, 'commit'> {
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
