import type { Command } from '../docker/command';

/** `aws --region NAME --output json ARGS…`: never the region of a person's profile. */
export function aws(args: readonly string[], region: string): Command {
  return { file: 'aws', args: ['--region', region, '--output', 'json', ...args] };
}

/**
 * What the AWS CLI is told unless the user says otherwise: AWS refuses calls that come too fast, and the CLI repeats
 * them, eight times at most, after longer and longer pauses.
 */
export const RETRIES = { AWS_RETRY_MODE: 'standard', AWS_MAX_ATTEMPTS: '8' };

/** Answers go to a program: no pager, no questions. Its files are ours, in UTF-8. */
export const UNATTENDED = {
  AWS_PAGER: '',
  AWS_CLI_AUTO_PROMPT: 'off',
  AWS_CLI_FILE_ENCODING: 'UTF-8',
};
