import { UserError } from '../../platform/user-error';

/** Options as Nx gives them. */
export interface ComposeDeployOptions {
  environment?: string;
  /** Print the plan and do nothing. */
  plan?: boolean;
  /** Print the plan as one line of JSON. */
  json?: boolean;
  /** Where one service fails, put back all that this run changed. */
  atomic?: boolean;
  /** Remove services that left the workspace. */
  prune?: boolean;
  /** Take the lock away from whoever has it. */
  breakLock?: boolean;
  /** Deploy also if what runs is of a newer commit than the workspace. */
  allowOlder?: boolean;
  /** Go back to the release before the one that runs. */
  rollback?: boolean;
  /** Go back to this release: its number, digest or key. */
  to?: string | number;
}

/** Where a run leads to: the last push, or a release that was recorded. */
export type Destination = { kind: 'push' } | { kind: 'release'; to?: string };

/** Options with nothing optional left. */
export interface DeployMode {
  plan: boolean;
  json: boolean;
  atomic: boolean;
  prune: boolean;
  breakLock: boolean;
  allowOlder: boolean;
  destination: Destination;
}

/** @throws {UserError} where two options do not go together. */
export function normaliseOptions(options: ComposeDeployOptions): DeployMode {
  const { plan = false, json = false, atomic = false, prune = false, breakLock = false } = options;
  const { allowOlder = false } = options;
  const to = options.to === undefined ? undefined : String(options.to);
  const back = options.rollback === true || to !== undefined;
  if (back && prune) {
    throw new UserError(
      '--prune works with a deploy, not with a rollback: run one after the other',
    );
  }
  if (json && !plan) throw new UserError('--json prints a plan: add --plan');
  const destination: Destination = back ? { kind: 'release', to } : { kind: 'push' };
  return { plan, json, atomic, prune, breakLock, allowOlder, destination };
}
