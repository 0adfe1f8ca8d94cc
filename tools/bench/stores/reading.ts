/** The only service of the workspace. */
export const SERVICE = 'orders';

/** The environment with a registry. */
export const PUSHED = 'pushed';

/**
 * `whole` and `pushed` are commands of Nx after a change of a line, with the bundle. `alone` has no attestations, as ours; `docker build` of a
 * person adds them in the containerd store. `least` is the smallest Dockerfile with one name: what BuildKit needs at least.
 */
export const KINDS = [
  'whole',
  'pushed',
  'ours',
  'alone',
  'alone with attestations',
  'least',
] as const;

export type BuildKind = (typeof KINDS)[number];

/** One build of each kind on one engine. */
export interface StoreReading {
  /** `28.5.2, containerd` */
  engine: string;
  seconds: Record<BuildKind, number>;
}
