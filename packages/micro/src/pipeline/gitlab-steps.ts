import { baseFile, SCANS_FOLDER } from './scripts';

export type Job = Readonly<Record<string, unknown>>;

export const IN_MERGE_REQUEST = '$CI_PIPELINE_SOURCE == "merge_request_event"';

/** The commit that a merge request is compared with. */
export const MERGE_BASE = 'CI_MERGE_REQUEST_DIFF_BASE_SHA';

/** The commit that the job last ended well for. */
export function cacheOf(job: string): Job {
  return { key: `micro-${job}`, paths: [baseFile(job)] };
}

/** What scans found, also if they failed; GitLab's own reports have another form than SARIF. */
export function keepScans(scans: boolean): Job {
  if (!scans) return {};
  return {
    artifacts: { when: 'always', expose_as: 'Scans of images', paths: [`${SCANS_FOLDER}/`] },
  };
}
