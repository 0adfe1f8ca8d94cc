/** The name under which a new version of a service runs beside the one that serves. */
export function canaryName(service: string): string {
  return `${service}-canary`;
}

/** The number of containers or pods that can answer this percentage of the requests. */
export function canaryReplicas(replicas: number, weight: number): number {
  return Math.max(1, Math.ceil((replicas * weight) / 100));
}

/**
 * Requests that a canary gets, in words: `10 % of its requests`.
 *
 * @param header `X-Version: next`, if requests with it are among them.
 */
export function describeShare(weight: number, header?: string): string {
  const share = `${weight} % of its requests`;
  if (header === undefined) return share;
  return weight > 0 ? `${share} and those with "${header}"` : `requests with "${header}"`;
}
