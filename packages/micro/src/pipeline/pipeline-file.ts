import type { DerivedFile } from '../platform/derived-file';
import { githubWorkflow } from './github-workflow';
import { gitlabPipeline } from './gitlab-pipeline';
import { deriveJobs, type JobOptions, type JobsPlace, jobNames, jobTexts } from './kept-jobs';
import type { PipelineChoices, PipelineFacts, Provider } from './pipeline-facts';
import { planJobName } from './plan-scripts';
import { SCAN_TARGET } from './scripts';

const PLACES: Readonly<Record<Provider, JobsPlace>> = {
  github: { path: '.github/workflows/micro.yml', under: 'jobs' },
  gitlab: { path: '.gitlab-ci.yml' },
};

/** Relative to the workspace root. */
export function pipelineFile(provider: Provider): string {
  return PLACES[provider].path;
}

/** The environments that a pipeline is about, in its order, whoever keeps their jobs. */
export function environmentsOf(provider: Provider, text: string): string[] {
  const names = jobNames(PLACES[provider], text);
  const behind = (start: string) =>
    names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  return [...new Set([...behind('deploy-'), ...behind('rollback-')])];
}

/** What was chosen for a pipeline, as its jobs show, whoever keeps them. */
export function choicesOf(provider: Provider, text: string): PipelineChoices {
  const jobs = jobTexts(PLACES[provider], text);
  const names = new Set(jobs.map(([name]) => name));
  return {
    scans: jobs.some(
      ([name, job]) =>
        /^(?:check$|service$|\.micro-service$|deploy-)/.test(name) && job.includes(SCAN_TARGET),
    ),
    plans: environmentsOf(provider, text).filter((name) => names.has(planJobName(name))),
    matrix: names.has('affected') && names.has('service'),
  };
}

/** The file of a provider's pipeline, with our jobs up to date. */
export function derivePipeline(
  provider: Provider,
  facts: PipelineFacts,
  current: string | undefined,
  options: JobOptions,
): DerivedFile {
  const wanted =
    provider === 'github' ? githubWorkflow(facts) : { head: {}, jobs: gitlabPipeline(facts) };
  return deriveJobs(PLACES[provider], startedBy(facts.nx, wanted), current, options);
}

/**
 * A pipeline whose scripts start Nx in this way, and `micro` likewise; they are written with `npx`. That takes longer, and
 * would download a package of this name if the workspace had none.
 */
function startedBy<Pipeline>(nx: PipelineFacts['nx'], pipeline: Pipeline): Pipeline {
  const script = JSON.stringify(pipeline)
    .replaceAll('npx nx ', `${nx} `)
    .replaceAll('npx micro ', `${nx.replace(/nx$/, 'micro')} `);
  return JSON.parse(script) as Pipeline;
}
