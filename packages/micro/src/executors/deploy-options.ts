import { UserError } from '../platform/user-error';

/** Options as Nx gives them. */
export interface DeployOptions {
  environment?: string;
  /** Print the plan and do nothing. */
  plan?: boolean;
  /** Print the plan as one line of JSON. */
  json?: boolean;
  /** If one service fails, restore everything that this run changed. */
  atomic?: boolean;
  /** Remove services that left the workspace. */
  prune?: boolean;
  /** Take the lock away from its holder. */
  breakLock?: boolean;
  /** Deploy even if the running version is from a newer commit than the workspace. */
  allowOlder?: boolean;
  /** Go back to the previous release. */
  rollback?: boolean;
  /** Go back to this release: its number, digest or key. */
  to?: string | number;
}

/** What a run deploys: the last push, or a recorded release. */
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

/** @throws {UserError} if two options cannot be combined. */
export function normaliseOptions(options: DeployOptions): DeployMode {
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
