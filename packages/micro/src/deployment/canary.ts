import { isDeepStrictEqual } from 'node:util';
import { canaryName, canaryReplicas, describeShare } from '../platform/canary';
import type { ComposeEntry } from './entry';
import { DEPLOY_LABELS } from './labels';
import type { DesiredState } from './desired-state';

/** Which requests of a published service its canary gets. */
export interface CanaryShare {
  /** Percent of all requests, 0 to 99. */
  weight: number;
  /** Requests with this header, whatever the weight. */
  header?: CanaryHeader;
}

export interface CanaryHeader {
  name: string;
  value: string;
}

interface MaybeHeader {
  weight: number;
  header?: CanaryHeader | undefined;
}

/** By service. One without containers gets no requests. */
export type CanaryShares = ReadonlyMap<string, CanaryShare>;

/** `X-Version: next` */
export function formatHeader({ name, value }: CanaryHeader): string {
  return `${name}: ${value}`;
}

/** In words: `10 % of its requests and those with "X-Version: next"` */
export function describeCanaryShare({ weight, header }: MaybeHeader): string {
  return describeShare(weight, header && formatHeader(header));
}

/** A share alone, of something that has one. */
export function shareOf({ weight, header }: MaybeHeader): CanaryShare {
  return { weight, ...(header ? { header } : {}) };
}

export function isSameShare(one: CanaryShare, other: CanaryShare): boolean {
  return one.weight === other.weight && isDeepStrictEqual(one.header, other.header);
}

/**
 * The canary of a service: its new version under another name, so that nobody finds it under the service's own one. What
 * is recorded of it is recorded as of the service, so that it can be deployed from the record.
 */
export function canaryState(desired: DesiredState, { weight }: CanaryShare): DesiredState {
  const { service, slice, replicas } = desired;
  const name = canaryName(service);
  const { [service]: entry = {}, ...others } = slice.services;
  return {
    ...desired,
    service: name,
    replicas: canaryReplicas(replicas, weight),
    slice: { ...slice, services: { ...others, [name]: entryOf(service, entry) } },
  };
}

/** Nobody finds it under other names of the service. */
function entryOf(service: string, entry: ComposeEntry): ComposeEntry {
  const labels = { ...(entry['labels'] as object | undefined), [DEPLOY_LABELS.canary]: service };
  const networks = (entry['networks'] ?? {}) as Record<string, { aliases?: string[] } | null>;
  const attached = Object.entries(networks).map(([network, attachment]) => {
    const { aliases: _aliases, ...rest } = attachment ?? {};
    return [network, Object.keys(rest).length > 0 ? rest : null];
  });
  const own = 'networks' in entry ? { networks: Object.fromEntries(attached) as object } : {};
  return { ...entry, labels, ...own };
}
