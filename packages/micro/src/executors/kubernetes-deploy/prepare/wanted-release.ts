import { describeCanaryShare, formatHeader, type CanaryShare } from '../../../deployment/canary';
import {
  currentOf,
  releaseAt,
  releaseBefore,
  type ClusterBook,
  type ClusterRelease,
  type RunningCanary,
} from '../../../kubernetes/release-book';
import type { Destination } from '../../deploy-options';

/** `--canary=10`, as it was asked for. */
function canaryOptions({ weight, header }: CanaryShare): string {
  const more = header ? ` --canaryHeader="${formatHeader(header)}"` : '';
  return `--canary=${weight}${more}`;
}

/** The recorded release that a run deploys, or why there is none. */
export function wantedRelease(
  destination: Destination,
  book: ClusterBook | undefined,
  service: string,
  environment: string,
): ClusterRelease | string {
  const nothing = `the cluster of ${environment} remembers no release`;
  if (destination.kind === 'promote' || destination.kind === 'abort') {
    const canary = book?.canary;
    const current = currentOf(book);
    if (!canary || !current) return `no canary of ${service} runs in ${environment}`;
    if (destination.kind === 'abort') return current;
    return canary.ready
      ? canary.release
      : `the canary of ${service} in ${environment} was interrupted before its pods were ready: run ${canaryOptions(canary)} again, or --abort`;
  }
  const to = destination.kind === 'release' ? destination.to : undefined;
  if (to === undefined) {
    return releaseBefore(book) ?? `${nothing} of ${service} to go back to`;
  }
  const known = (book?.releases ?? []).map(({ number }) => `r${number}`).join(', ');
  return releaseAt(book, to) ?? `${nothing} "${to}" of ${service}; it has ${known || 'none'}`;
}

/** Why a service with a canary cannot be changed, and what to do first. @param reason for the change. */
export function canaryInTheWay(service: string, reason: string, canary: RunningCanary): string {
  const [why, end] = canary.ready
    ? [`${describeCanaryShare(canary)} go to a canary`, 'deploy it with --promote']
    : [
        'its canary was interrupted before its pods were ready',
        `run ${canaryOptions(canary)} again`,
      ];
  return `${service} was not changed (${reason}), because ${why}: ${end}, or remove it with --abort, then run this again`;
}
