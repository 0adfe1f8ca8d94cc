import { LABELS } from '../platform/image-labels';

/** Labels that tell a later run what a container is. Nothing is remembered anywhere else. */
export const DEPLOY_LABELS = {
  key: LABELS.key,
  entry: 'org.micro.entry',
  environment: 'org.micro.environment',
  /** The port that it listens on in the platform's networks. */
  port: 'org.micro.port',
  /** The number of the release that a container was made for. */
  release: 'org.micro.release.number',
  /** The commit of the workspace that it was deployed from; see `formatCommit`. */
  commit: 'org.micro.commit',
  /** The service that a container is a canary of. */
  canary: 'org.micro.canary',
} as const;

/** Labels of a release and of the lock; `project` is the Compose project that they belong to. */
export const NOTE_LABELS = {
  project: 'org.micro.project',
  release: 'org.micro.release',
  service: 'org.micro.release.service',
  image: 'org.micro.release.image',
  replicas: 'org.micro.release.replicas',
  compose: 'org.micro.release.compose',
  lock: 'org.micro.lock',
  /** A renewal of the lock by its holder. */
  beat: 'org.micro.lock.beat',
  /** That a release is being rolled out: `open`, or `again` if it was there before. */
  mark: 'org.micro.release.mark',
  /** See `Release.template`. */
  template: 'org.micro.release.template',
  since: 'org.micro.release.since',
  /** The later commits that kept running containers, for all services; see `Confirmed`. */
  confirmed: 'org.micro.confirmed',
  /** Which requests canaries get, for all services; see `CanaryShares`. */
  canaries: 'org.micro.canaries',
  /** A container that is never started and keeps the image of a release from being pruned. */
  holds: 'org.micro.release.holds',
} as const;
