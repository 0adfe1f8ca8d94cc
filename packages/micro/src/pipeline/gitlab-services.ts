import { IN_MERGE_REQUEST, keepScans, MERGE_BASE, type Job } from './gitlab-steps';
import { baseFile, CHECKS, imageTarget, INSTALL_SCANNER, listServices } from './scripts';

/** The child pipeline, as `affected` writes it. */
const CHILD = baseFile('services.yml');

/** What the jobs of the child pipeline extend. */
const SERVICE = '.micro-service';

/**
 * A job for each service that a merge request changes. GitLab reads `parallel: matrix` before any job runs, so these jobs are
 * in a child pipeline, whose file `affected` writes and `service` starts.
 */
export function serviceJobs(scans: boolean): Record<string, Job> {
  return {
    affected: {
      extends: '.micro',
      stage: 'test',
      rules: [{ if: IN_MERGE_REQUEST }],
      artifacts: { paths: [CHILD] },
      script: [childScript()],
    },
    [SERVICE]: {
      extends: '.micro',
      stage: 'test',
      // Without a rule, GitLab leaves a job out of all pipelines of merge requests, also of their children.
      rules: [{ if: '$CI_PIPELINE_SOURCE == "parent_pipeline"' }],
      interruptible: true,
      ...keepScans(scans),
      script: [
        ...(scans ? [INSTALL_SCANNER] : []),
        `npx nx run-many -p "$SERVICE" ${CHECKS} ${imageTarget(scans)}`,
      ],
    },
    service: {
      stage: 'test',
      needs: ['affected'],
      rules: [{ if: IN_MERGE_REQUEST }],
      trigger: { include: [{ artifact: CHILD, job: 'affected' }], strategy: 'depend' },
    },
  };
}

/**
 * Writes the child pipeline. It includes the pipeline itself for `.micro`, which may be a person's and extend others. GitLab
 * fails a pipeline without jobs, so without a service there is one that does nothing, on the same runner as the others.
 */
function childScript(): string {
  return [
    `base="$${MERGE_BASE}"`,
    ...listServices("--sep ' '"),
    `mkdir -p ${baseFile('')}`,
    '{',
    `  echo 'include: [{ local: .gitlab-ci.yml }]'`,
    // Rules for pipelines of merge requests seldom let in their children.
    `  if grep -q '^workflow:' .gitlab-ci.yml; then echo 'workflow: { rules: [{ when: always }] }'; fi`,
    '  for service in $services; do',
    `    echo "'service ($service)': { extends: ${SERVICE}, variables: { SERVICE: '$service' } }"`,
    '  done',
    `  if [ -z "$services" ]; then echo "${NOTHING}"; fi`,
    `} > ${CHILD}`,
    `cat ${CHILD}`,
    '',
  ].join('\n');
}

const NOTHING =
  "'no service changed': { extends: .micro, stage: test, rules: [{ when: always }], services: [], variables: { GIT_STRATEGY: none }, before_script: [], script: [echo 'No service changed'] }";
