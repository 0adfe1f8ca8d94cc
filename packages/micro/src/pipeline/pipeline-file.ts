import type { DerivedFile } from '../platform/derived-file';
import { githubWorkflow } from './github-workflow';
import { gitlabPipeline } from './gitlab-pipeline';
import { deriveJobs, type JobOptions, keptJobs } from './kept-jobs';
import type { PipelineFacts, Provider } from './pipeline-facts';

export const PIPELINE_FILES: Record<Provider, string> = {
  github: '.github/workflows/micro.yml',
  gitlab: '.gitlab-ci.yml',
};

export const PROVIDERS = ['github', 'gitlab'] as const satisfies readonly Provider[];

/** The environments that a pipeline deploys to, in its order. */
export function deployedTo(provider: Provider, text: string): string[] {
  return keptJobs(
    PIPELINE_FILES[provider],
    text,
    provider === 'github' ? 'jobs' : undefined,
  ).flatMap((job) => (job.startsWith('deploy-') ? [job.slice('deploy-'.length)] : []));
}

/** The file of a provider's pipeline, with our jobs up to date. */
export function derivePipeline(
  provider: Provider,
  facts: PipelineFacts,
  current: string | undefined,
  options: JobOptions,
): DerivedFile | undefined {
  const path = PIPELINE_FILES[provider];
  const wanted =
    provider === 'github'
      ? { path, under: 'jobs' as const, ...githubWorkflow(facts) }
      : { path, head: {}, jobs: gitlabPipeline(facts) };
  return deriveJobs(wanted, current, options);
}
