import { z } from 'zod';

/** The running commit beside that of the workspace, as the plans of all engines print it. */
export const runningCommitSchema = z.object({
  runs: z.string().describe('The commit that the running version was deployed from'),
  dirty: z.boolean().describe('Whether files differed from it'),
  workspace: z.string().describe('The commit of the workspace; absent without git').optional(),
  relation: z
    .enum(['same', 'older', 'newer', 'diverged', 'absent', 'unknown'])
    .describe(
      'How the running commit relates to that of the workspace. `absent`: it is not in the whole history here; `unknown`: git cannot tell',
    ),
  newer: z.int().describe('How many commits it has that the workspace lacks').optional(),
  refused: z.boolean().describe('Whether nothing is deployed for that reason'),
  reason: z.string().describe('Why, in words; not for programs').optional(),
});
