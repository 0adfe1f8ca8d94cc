import { formatFiles, logger, type Tree } from '@nx/devkit';
import { formatEdited } from '../../compose/document-text';
import { derivePipeline, PIPELINE_FILES } from '../../pipeline/pipeline-file';
import { PIPELINE_SECRETS } from '../../pipeline/scripts';
import type { Provider } from '../../pipeline/pipeline-facts';
import { type Environment, imageSource } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { readComposeEnvironments, readPipelineFacts } from '../pipeline-facts';

export interface CiSchema {
  provider: Provider;
  environments?: string;
  skipFormat?: boolean;
}

/** `nx g @org/micro:ci`: a pipeline from a commit to the environments, whose jobs `nx sync` keeps from then on. */
export async function ciGenerator(tree: Tree, schema: CiSchema): Promise<void> {
  const path = PIPELINE_FILES[schema.provider];
  const environments = chosenEnvironments(tree, schema.environments);
  const facts = readPipelineFacts(tree, environments);
  const current = tree.read(path, 'utf8') ?? undefined;
  const file = derivePipeline(schema.provider, facts, current, {
    format: formatEdited,
    create: true,
  });
  if (file && file.drift.length > 0) tree.write(path, file.text);
  if (!schema.skipFormat) await formatFiles(tree);
  for (const line of nextSteps(schema.provider, environments)) logger.info(line);
}

export default ciGenerator;

/** @throws {UserError} for an environment that is not there, or that cannot be deployed to. */
function chosenEnvironments(tree: Tree, chosen: string | undefined): Environment[] {
  const all = readComposeEnvironments(tree);
  if (chosen === undefined || chosen === '') {
    const withHost = [...all.values()].filter(({ host }) => host !== undefined);
    return withHost.sort((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name));
  }
  const names = chosen.split(',').map((name) => name.trim());
  return names.map((name) => {
    const environment = all.get(name);
    if (environment === undefined) {
      throw new UserError(
        `--environments names ${name}, but there is no environments/${name}.yml that Compose runs: create it with "nx g @org/micro:environment ${name}", or choose from ${[...all.keys()].sort().join(', ')}`,
      );
    }
    imageSource(environment);
    return environment;
  });
}

function rankOf({ name }: Environment): number {
  return name === 'production' ? 1 : 0;
}

/** What a person has to do once at the provider. */
function nextSteps(provider: Provider, environments: readonly Environment[]): string[] {
  const file = PIPELINE_FILES[provider];
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
