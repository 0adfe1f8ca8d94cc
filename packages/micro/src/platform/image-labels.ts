/** Labels of every image that this plugin builds. */
export const LABELS = {
  key: 'org.micro.image-key',
  service: 'org.micro.service',
  source: 'org.opencontainers.image.source',
  revision: 'org.opencontainers.image.revision',
  title: 'org.opencontainers.image.title',
} as const;
