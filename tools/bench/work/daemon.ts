import type { Site } from '../site.js';

export const DAEMON = { NX_DAEMON: 'true' };

export async function stopDaemon({ workspace }: Site): Promise<void> {
  await workspace.nx('daemon', '--stop');
}
