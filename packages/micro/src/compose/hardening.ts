/** No program in the container can gain more rights than it was started with, for example by setuid. */
const SECURITY_OPTIONS = ['no-new-privileges:true'];

/** By default, the engine's log driver keeps everything until the disk is full. */
const LOGGING = { driver: 'local', options: { 'max-size': '10m', 'max-file': '5' } };

/**
 * The hardening of a new service entry: only /tmp can be written, which is in memory, and even root has no
 * capabilities. Resource limits are not set here. They come from the manifest only (`resources`): a limit that was not
 * measured kills a service under its first load, or slows it down without a visible reason. Compose and Kubernetes set
 * none by default, either.
 */
export const SERVICE_HARDENING = {
  read_only: true,
  tmpfs: ['/tmp'],
  cap_drop: ['ALL'],
  security_opt: SECURITY_OPTIONS,
  logging: LOGGING,
};

/**
 * The hardening of a new entry of a datastore or broker.
 *
 * @param capabilities that the entrypoint of its image needs.
 */
export function backingHardening(capabilities: readonly string[]): Record<string, unknown> {
  return {
    cap_drop: ['ALL'],
    ...(capabilities.length > 0 ? { cap_add: [...capabilities] } : {}),
    security_opt: SECURITY_OPTIONS,
    logging: LOGGING,
  };
}
