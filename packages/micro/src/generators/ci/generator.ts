import { formatFiles, logger, type Tree } from '@nx/devkit';
import { formatEdited } from '../../compose/document-text';
import {
  choicesOf,
  derivePipeline,
  environmentsOf,
  pipelineFile,
} from '../../pipeline/pipeline-file';
import { pipelineSecrets } from '../../pipeline/scripts';
import type { PipelineChoices, Provider } from '../../pipeline/pipeline-facts';
import { COMMENT_ENVIRONMENT, COMMENT_TOKEN, planEnvironment } from '../../pipeline/plan-scripts';
import { type AnyEnvironment, imageSource } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { UserError } from '../../platform/user-error';
import { readEnvironments, readPipelineFacts } from '../pipeline-facts';

export interface CiSchema {
  provider: Provider;
  environments?: string;
  scan?: boolean;
  /** All environments, none, or their names. */
  plan?: boolean | string;
  matrix?: boolean;
  skipFormat?: boolean;
}

/** `nx g @org/micro:ci`: a pipeline from a commit to the environments, whose jobs `nx sync` keeps from then on. */
export async function ciGenerator(tree: Tree, schema: CiSchema): Promise<void> {
  const path = pipelineFile(schema.provider);
  const current = tree.read(path, 'utf8') ?? undefined;
  const before = current === undefined ? [] : environmentsOf(schema.provider, current);
  const environments = chosenEnvironments(tree, schema.environments, before);
  const choices = chosenOptions(
    schema,
    environments.map(({ name }) => name),
    current === undefined ? NOTHING : choicesOf(schema.provider, current),
  );
  const facts = readPipelineFacts(tree, environments, choices);
  const options = { format: formatEdited, create: true };
  const file = derivePipeline(schema.provider, facts, current, options);
  if (file.drift.length > 0) tree.write(path, file.text);
  if (!schema.skipFormat) await formatFiles(tree);
  for (const line of nextSteps(schema.provider, environments, choices)) logger.info(line);
}

export default ciGenerator;

const NOTHING: PipelineChoices = { scans: false, plans: [], matrix: false };

/**
 * What a person asked for; what they do not mention is as in the pipeline so far.
 *
 * @throws {UserError} for a plan of an environment that is not in the pipeline.
 */
function chosenOptions(
  { scan, plan, matrix }: CiSchema,
  environments: readonly string[],
  before: PipelineChoices,
): PipelineChoices {
  return {
    scans: scan ?? before.scans,
    plans: chosenPlans(plan, environments) ?? before.plans,
    matrix: matrix ?? before.matrix,
  };
}

function chosenPlans(
  plan: boolean | string | undefined,
  environments: readonly string[],
): readonly string[] | undefined {
  if (plan === undefined) return undefined;
  if (plan === true || plan === 'true' || plan === '') return environments;
  if (plan === false || plan === 'false') return [];
  const names = plan.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !environments.includes(name));
  if (unknown.length === 0) return names;
  throw new UserError(
    `--plan names ${unknown.join(', ')}, but the pipeline deploys to ${environments.join(', ') || 'no environment'}`,
  );
}

/**
 * The environments that a person named; otherwise those of the pipeline so far, and then all others on another machine.
 *
 * @throws {UserError} for an environment that is not there, or that cannot be deployed to.
 */
function chosenEnvironments(
  tree: Tree,
  chosen: string | undefined,
  before: readonly string[],
): AnyEnvironment[] {
  const all = readEnvironments(tree);
  if (!chosen) {
    const known = before.flatMap((name) => all.get(name) ?? []);
    const others = [...all.values()].filter((one) => isRemote(one) && !known.includes(one));
    others.sort((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name));
    return [...known, ...others];
  }
  const names = chosen.split(',').map((name) => name.trim());
  return names.map((name) => {
    const environment = all.get(name);
    if (environment === undefined) throw new UserError(whyNotChosen(name, [...all.keys()]));
    imageSource(environment);
    return environment;
  });
}

function whyNotChosen(name: string, others: string[]): string {
  return `--environments names ${name}, but there is no ${environmentFile(name)}: create it with "nx g @org/micro:environment ${name}", or choose from ${others.sort().join(', ')}`;
}

/** Whether a pipeline can reach it by itself: a Docker context is known to the machine of a person only. */
function isRemote(environment: AnyEnvironment): boolean {
  return environment.engine !== 'compose' || environment.host !== undefined;
}

function rankOf({ name }: AnyEnvironment): number {
  return name === 'production' ? 1 : 0;
}

/** What a person has to do once at the provider. */
function nextSteps(
  provider: Provider,
  environments: readonly AnyEnvironment[],
  { plans }: PipelineChoices,
): string[] {
  const file = pipelineFile(provider);
  if (environments.length === 0) {
    return [
      `${file} checks changes, and deploys nothing: no environment has a host. Create one with "nx g @org/micro:environment production --host=ssh://deploy@example.com --registry=registry.example.com/acme", then run this again`,
    ];
  }
  const approved = environments.slice(1).map(({ name }) => name);
  return [
    `${file} deploys the main branch to ${environments.map(({ name }) => name).join(', then ')}`,
    `Secrets it uses, if you set them: ${secretsOf(environments).join(', ')}; see docs/pipelines.md of @org/micro`,
    ...(plans.length > 0
      ? [
          `Plans: the jobs of pull requests get the secrets of ${plans.map((name) => planEnvironment({ name })).join(', ')}, which you set apart from those of deploys. Whoever can push a branch can read them`,
        ]
      : []),
    ...(provider === 'gitlab' && plans.length > 0
      ? [
          `Comment: for plans as a comment of the merge request, set ${COMMENT_TOKEN} for the environment ${COMMENT_ENVIRONMENT}`,
        ]
      : []),
    ...(provider === 'github' && approved.length > 0
      ? [
          `Approvals: set required reviewers of the environment ${approved.join(', ')} in the repository's settings. Without them, it is deployed to at once`,
        ]
      : []),
  ];
}

function secretsOf(environments: readonly AnyEnvironment[]): string[] {
  return [...new Set(environments.flatMap(pipelineSecrets))];
}
