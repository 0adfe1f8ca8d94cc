/** Names of errors, as SNS and SQS call them. Both have two names for some, from older versions of their protocols. */
const DENIED = /^(AuthorizationError|AccessDenied)/;
const MISSING =
  /^(NotFound|TopicNotFound|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)/;
const INVALID =
  /^(InvalidParameter|InvalidMessageContents|BatchRequestTooLong|ParameterValueInvalid)/;

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The role of the service may not do this at AWS. */
export class MissingRightError extends Error {
  override readonly name = 'MissingRightError';
}

/** Whether AWS has answered, if only with an error. */
export function isAnswer(error: unknown): boolean {
  return (error as ServiceError | undefined)?.$metadata?.httpStatusCode !== undefined;
}

export const isDenied = (error: unknown): boolean => isNamed(error, DENIED);

/** There is no such topic or queue. */
export const isMissing = (error: unknown): boolean => isNamed(error, MISSING);

export const isInvalid = (error: unknown): boolean => isNamed(error, INVALID);

function isNamed(error: unknown, names: RegExp): boolean {
  return error instanceof Error && names.test(error.name);
}

/** Settles like `work`. If AWS denies it, the error names the action that the role lacks. */
export async function explainRights<T>(work: Promise<T>, action: string, on: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isDenied(error)) throw error;
    const text = `the role of the service may not call ${action} for ${on}`;
    throw new MissingRightError(text, { cause: error });
  }
}
