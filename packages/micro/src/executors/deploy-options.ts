import type { CanaryHeader } from '../deployment/canary';
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
  /** Give the last push this percentage of the requests. */
  canary?: number;
  /** Give it the requests with this header, too. */
  canaryHeader?: string;
  /** Deploy what the canary runs to all. */
  promote?: boolean;
  /** Remove the canary. */
  abort?: boolean;
  /** Do not look at the error rate of the canary. */
  skipAnalysis?: boolean;
}

/** Options of Compose, as Nx gives them. */
export type ComposeDeployOptions = Omit<DeployOptions, 'skipAnalysis'>;

/** Options of ECS, as Nx gives them. */
export type EcsDeployOptions = Pick<
  DeployOptions,
  | 'environment'
  | 'plan'
  | 'json'
  | 'atomic'
  | 'prune'
  | 'rollback'
  | 'to'
  | 'allowOlder'
  | 'breakLock'
>;

/** What a run deploys: the last push, a recorded release, or a canary and its end. */
export type Destination =
  | { kind: 'push' }
  | { kind: 'release'; to?: string }
  /** The last push, for `weight` percent of the requests, and for those with a header. */
  | { kind: 'canary'; weight: number; header?: CanaryHeader }
  | { kind: 'promote' }
  | { kind: 'abort' };

/** Options with nothing optional left. */
export interface DeployMode {
  plan: boolean;
  json: boolean;
  atomic: boolean;
  prune: boolean;
  breakLock: boolean;
  allowOlder: boolean;
  skipAnalysis: boolean;
  destination: Destination;
}

/** @throws {UserError} if two options cannot be combined. */
export function normaliseOptions(options: DeployOptions): DeployMode {
  const { plan = false, json = false, atomic = false, prune = false, breakLock = false } = options;
  const { allowOlder = false, skipAnalysis = false } = options;
  const destination = destinationOf(options);
  if (destination.kind === 'release' && prune) {
    throw new UserError(
      '--prune works with a deploy, not with a rollback: run one after the other',
    );
  }
  if (isOfCanary(destination) && (prune || atomic)) {
    const other = prune ? '--prune' : '--atomic';
    throw new UserError(
      `${other} works with a deploy, not with --${destination.kind}: run one after the other`,
    );
  }
  if (skipAnalysis && destination.kind !== 'canary' && destination.kind !== 'promote') {
    throw new UserError(
      '--skipAnalysis says that nobody looks at the error rate of a canary: add --canary or --promote',
    );
  }
  if (json && !plan) throw new UserError('--json prints a plan: add --plan');
  return { plan, json, atomic, prune, breakLock, allowOlder, skipAnalysis, destination };
}

function destinationOf({
  rollback = false,
  canary,
  canaryHeader,
  promote = false,
  abort = false,
  ...options
}: DeployOptions): Destination {
  const to = options.to === undefined ? undefined : String(options.to);
  const asked: Destination[] = [
    ...(rollback || to !== undefined ? [{ kind: 'release' as const, to }] : []),
    ...(canary === undefined ? [] : [canaryTo(canary, canaryHeader)]),
    ...(promote ? [{ kind: 'promote' as const }] : []),
    ...(abort ? [{ kind: 'abort' as const }] : []),
  ];
  const [destination = { kind: 'push' }, ...more] = asked;
  if (more.length > 0) {
    const names = asked.map(({ kind }) => (kind === 'release' ? 'a rollback' : `--${kind}`));
    throw new UserError(`${names.join(' and ')} cannot be combined: run one after the other`);
  }
  if (canaryHeader !== undefined && destination.kind !== 'canary') {
    throw new UserError('--canaryHeader says who gets a canary: add --canary, which may be 0');
  }
  return destination;
}

function canaryTo(weight: number, text?: string): Extract<Destination, { kind: 'canary' }> {
  const least = text === undefined ? 1 : 0;
  if (!Number.isInteger(weight) || weight < least || weight > 99) {
    throw new UserError(
      `--canary=${weight} is no percentage of requests: use a whole number from ${least} to 99`,
    );
  }
  return { kind: 'canary', weight, ...(text === undefined ? {} : { header: parseHeader(text) }) };
}

/** A header as in HTTP. To Caddy, `*` at the ends of a value is any text, and `{…}` is a placeholder. */
const HEADER = /^(?<name>[!#$%&'+.^_`|~0-9A-Za-z-]+): *(?<value>[^\s*{}](?:[^*{}\r\n]*[^\s*{}])?)$/;

function parseHeader(text: string): CanaryHeader {
  const { name, value } = HEADER.exec(text)?.groups ?? {};
  if (name === undefined || value === undefined) {
    throw new UserError(
      `--canaryHeader="${text}" is no header: write its name, a colon and its value, without * and braces, for example "X-Version: next"`,
    );
  }
  return { name, value };
}

function isOfCanary({ kind }: Destination): boolean {
  return kind === 'canary' || kind === 'promote' || kind === 'abort';
}
