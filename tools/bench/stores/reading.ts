/** The only service of the workspace. */
export const SERVICE = 'orders';

/** `alone` has no attestations, as ours; `docker build` of a person adds them in the containerd store. */
export const KINDS = ['ours', 'alone', 'alone with attestations'] as const;

export type BuildKind = (typeof KINDS)[number];

/** One build of each kind on one engine. */
export interface StoreReading {
  /** `28.5.2, containerd` */
  engine: string;
  seconds: Record<BuildKind, number>;
}
