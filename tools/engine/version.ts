/** The first engine whose BuildKit has named build contexts and `COPY --link`. */
export const OLDEST_ENGINE = 23;

/** Whether an engine's version (`20.10.24+dfsg1`) lacks what our builds need. */
export function isTooOld(version: string): boolean {
  return Number.parseInt(version, 10) < OLDEST_ENGINE;
}
