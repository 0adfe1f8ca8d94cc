import { restore, type Job, type Step } from './github-steps';
import type { PipelineEnvironment } from './pipeline-facts';
import { baseFile, sinceBase } from './scripts';

/** What the job `check` says of each environment: whether its job has anything to deploy. */
export function pendingOutputs(environments: readonly PipelineEnvironment[]): Job {
  if (environments.length === 0) return {};
  const jobs = environments.map(({ name }) => `deploy-${name}`);
  return {
    outputs: Object.fromEntries(jobs.map((job) => [job, `\${{ steps.pending.outputs.${job} }}`])),
  };
}

/** Finds the environments that get something, so that nobody approves a deploy of nothing. */
export function findPending(environments: readonly PipelineEnvironment[]): Step[] {
  if (environments.length === 0) return [];
  const onPush = { if: "github.event_name == 'push'" };
  return [
    ...environments.map(({ name }) => ({ ...onPush, ...restore(`deploy-${name}`) })),
    {
      ...onPush,
      id: 'pending',
      name: 'Find out which environments get something',
      run: pendingScript(environments),
    },
  ];
}

/** The condition of a deploy: the environment before may have nothing to deploy, but it must not have failed. */
export function hasPending(job: string): string {
  return `github.event_name == 'push' && !failure() && !cancelled() && needs.check.outputs.${job} == 'true'`;
}

/**
 * Says for each environment whether its job has anything to deploy: a service changed since that job last ended well.
 */
export function pendingScript(environments: readonly PipelineEnvironment[]): string {
  return environments
    .flatMap((environment) => {
      const job = `deploy-${environment.name}`;
      const target = `${environment.engine}-deploy`;
      return [
        `base="$(cat ${baseFile(job)} 2>/dev/null || true)"`,
        ...sinceBase(
          [`services=$(npx nx show projects --affected --base="$base" --with-target ${target})`],
          ['services=all'],
        ),
        `echo "${job}=\${services:+true}" | tee -a "$GITHUB_OUTPUT"`,
      ];
    })
    .concat('')
    .join('\n');
}
