/**
 * Whether Nx shows only the output that the tasks of a batch return, and not what the process prints. It does from 23.2
 * on if it groups the log of GitHub Actions (nx/src/utils/output.ts).
 */
export function isBatchOutputHeld(variables: NodeJS.ProcessEnv = process.env): boolean {
  const { GITHUB_ACTIONS, NX_SKIP_LOG_GROUPING, NX_STREAM_OUTPUT } = variables;
  return Boolean(GITHUB_ACTIONS) && NX_SKIP_LOG_GROUPING !== 'true' && NX_STREAM_OUTPUT !== 'true';
}
