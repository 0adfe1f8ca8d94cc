import type { FastifyBaseLogger } from 'fastify';
import type { Resources } from './resources.js';

/** Longer than a broker keeps a message that it may deliver again. */
const REMEMBER_SECONDS = 7 * 24 * 3600;

export interface Notification {
  /** Of the event that it tells of: each is sent once. */
  eventId: string;
  orderId: string;
  subject: string;
}

/** Stands for sending a mail: the log says what was sent. */
export async function notify(
  { cache }: Pick<Resources, 'cache'>,
  { eventId, orderId, subject }: Notification,
  log: Pick<FastifyBaseLogger, 'info'>,
): Promise<void> {
  const key = `notifications:${eventId}`;
  const isNew = await cache.client.set(key, orderId, 'EX', REMEMBER_SECONDS, 'NX');
  if (isNew) log.info({ orderId, subject }, 'notification sent');
}
