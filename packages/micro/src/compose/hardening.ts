/** No program in the container gains rights that it was not started with, by setuid for example. */
const SECURITY_OPTIONS = ['no-new-privileges:true'];

/** The engine's default log driver keeps everything, until the disk is full. */
const LOGGING = { driver: 'local', options: { 'max-size': '10m', 'max-file': '5' } };

/**
 * What a new entry of a service starts with: nothing can be written but /tmp, which is memory, and root itself could do
 * nothing. Limits are not here. Only the manifest knows them (`resources`), as neither Compose nor Kubernetes sets one
 * unasked: one that nobody measured kills a service under its first load, or slows it down without a visible reason.
 */
export const SERVICE_HARDENING = {
  read_only: true,
  tmpfs: ['/tmp'],
  cap_drop: ['ALL'],
  security_opt: SECURITY_OPTIONS,
  logging: LOGGING,
};

/**
 * What a new entry of a datastore or broker starts with.
 *
 * @param capabilities those that its image's entrypoint cannot do without.
 */
export function backingHardening(capabilities: readonly string[]): Record<string, unknown> {
  return {
    cap_drop: ['ALL'],
    ...(capabilities.length > 0 ? { cap_add: [...capabilities] } : {}),
    security_opt: SECURITY_OPTIONS,
    logging: LOGGING,
  };
}
