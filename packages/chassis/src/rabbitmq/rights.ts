import { AMQPError } from 'rabbitmq-client';

/** The account of a service has no permission to do this at the broker. */
export class MissingRightError extends Error {
  override readonly name = 'MissingRightError';
}

export interface Deed {
  /** `publish order.placed` */
  doing: string;
  /** The entry of the manifest that grants the permission. */
  list: 'publishes' | 'subscribes';
}

/** Settles like `work`. If the broker refuses because of missing permissions, the error says what is missing. */
export async function explainRights<T>(work: Promise<T>, service: string, deed: Deed): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw missingRight(error, service, deed) ?? error;
  }
}

/** Undefined for any other error. Permissions change at a deploy: https://www.rabbitmq.com/docs/access-control */
export function missingRight(
  error: unknown,
  service: string,
  { doing, list }: Deed,
): MissingRightError | undefined {
  if (!(error instanceof AMQPError) || error.code !== 'ACCESS_REFUSED') return undefined;
  return new MissingRightError(
    `the account of ${service} at the broker may not ${doing}: check "${list}" in its service.yml, run nx sync and deploy ${service} ` +
      `(the broker says: ${error.message})`,
    { cause: error },
  );
}
