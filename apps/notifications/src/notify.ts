import type { FastifyBaseLogger } from 'fastify';
import type { Resources } from './resources.js';

/** Longer than a broker keeps a message that it may deliver again. */
const REMEMBER_SECONDS = 7 * 24 * 3600;

export interface Notification {
  /** The id of the event that it is about. Each is sent once. */
  eventId: string;
  orderId: string;
  subject: string;
}

/** Replaces sending a mail: the log shows what would be sent. */
export async function notify(
  { cache }: Pick<Resources, 'cache'>,
  { eventId, orderId, subject }: Notification,
  log: Pick<FastifyBaseLogger, 'info'>,
): Promise<void> {
  const key = `notifications:${eventId}`;
  const isNew = await cache.client.set(key, orderId, 'EX', REMEMBER_SECONDS, 'NX');
  if (isNew) log.info({ orderId, subject }, 'notification sent');
}
