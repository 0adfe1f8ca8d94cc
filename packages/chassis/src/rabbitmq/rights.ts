import { AMQPError } from 'rabbitmq-client';

/** The account of a service may not do this at the broker. */
export class MissingRightError extends Error {
  override readonly name = 'MissingRightError';
}

export interface Deed {
  /** `publish order.placed` */
  doing: string;
  /** What of a manifest gives the right to do it. */
  list: 'publishes' | 'subscribes';
}

/** Settles as `work` does; a refusal of the broker for want of rights says what is missing. */
export async function explainRights<T>(work: Promise<T>, service: string, deed: Deed): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw missingRight(error, service, deed) ?? error;
  }
}

/** Undefined for any other error. Rights come with a deploy: https://www.rabbitmq.com/docs/access-control */
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
