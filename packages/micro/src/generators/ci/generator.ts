import { formatFiles, logger, type Tree } from '@nx/devkit';
import { formatEdited } from '../../compose/document-text';
import {
  derivePipeline,
  environmentsOf,
  hasScan,
  pipelineFile,
} from '../../pipeline/pipeline-file';
import { PIPELINE_SECRETS } from '../../pipeline/scripts';
import type { Provider } from '../../pipeline/pipeline-facts';
import { type Environment, imageSource } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { UserError } from '../../platform/user-error';
import { readComposeEnvironments, readPipelineFacts } from '../pipeline-facts';

export interface CiSchema {
  provider: Provider;
  environments?: string;
  scan?: boolean;
  skipFormat?: boolean;
}

/** `nx g @org/micro:ci`: a pipeline from a commit to the environments, whose jobs `nx sync` keeps from then on. */
export async function ciGenerator(tree: Tree, schema: CiSchema): Promise<void> {
  const path = pipelineFile(schema.provider);
  const current = tree.read(path, 'utf8') ?? undefined;
  const before = current === undefined ? [] : environmentsOf(schema.provider, current);
  const environments = chosenEnvironments(tree, schema.environments, before);
  const scans = schema.scan ?? (current !== undefined && hasScan(schema.provider, current));
  const facts = readPipelineFacts(tree, environments, scans);
  const options = { format: formatEdited, create: true };
  const file = derivePipeline(schema.provider, facts, current, options);
  if (file.drift.length > 0) tree.write(path, file.text);
  if (!schema.skipFormat) await formatFiles(tree);
  for (const line of nextSteps(schema.provider, environments)) logger.info(line);
}

export default ciGenerator;

/**
 * The environments that a person named; otherwise those of the pipeline so far, and then all others with a host.
 *
 * @throws {UserError} for an environment that is not there, or that cannot be deployed to.
 */
function chosenEnvironments(
  tree: Tree,
  chosen: string | undefined,
  before: readonly string[],
): Environment[] {
  const all = readComposeEnvironments(tree);
  if (!chosen) {
    const known = before.flatMap((name) => all.get(name) ?? []);
    const others = [...all.values()].filter(
      (one) => one.host !== undefined && !known.includes(one),
    );
    others.sort((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name));
    return [...known, ...others];
  }
  const names = chosen.split(',').map((name) => name.trim());
  return names.map((name) => {
    const environment = all.get(name);
    if (environment === undefined) throw new UserError(whyNotChosen(tree, name, [...all.keys()]));
    imageSource(environment);
    return environment;
  });
}

function whyNotChosen(tree: Tree, name: string, others: string[]): string {
  const file = environmentFile(name);
  const instead = `choose from ${others.sort().join(', ')}`;
  return tree.exists(file)
    ? `--environments names ${name}, but ${file} is for Kubernetes, and pipelines deploy with Compose only: ${instead}, or add a job of your own that runs "nx affected -t kubernetes-deploy -c ${name}"`
    : `--environments names ${name}, but there is no ${file}: create it with "nx g @org/micro:environment ${name}", or ${instead}`;
}

function rankOf({ name }: Environment): number {
  return name === 'production' ? 1 : 0;
}

/** What a person has to do once at the provider. */
function nextSteps(provider: Provider, environments: readonly Environment[]): string[] {
  const file = pipelineFile(provider);
  if (environments.length === 0) {
    return [
      `${file} checks changes, and deploys nothing: no environment has a host. Create one with "nx g @org/micro:environment production --host=ssh://deploy@example.com --registry=registry.example.com/acme", then run this again`,
    ];
  }
  const approved = environments.slice(1).map(({ name }) => name);
  return [
    `${file} deploys the main branch to ${environments.map(({ name }) => name).join(', then ')}`,
    `Secrets it uses, if you set them: ${PIPELINE_SECRETS.join(', ')}; see docs/pipelines.md of @org/micro`,
    ...(provider === 'github' && approved.length > 0
      ? [
          `Approvals: set required reviewers of the environment ${approved.join(', ')} in the repository's settings. Without them, it is deployed to at once`,
        ]
      : []),
  ];
}
