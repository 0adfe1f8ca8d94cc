import { expect } from 'vitest';
import { ServiceCallError } from '../calls/service-call-error.js';

/** The error of a call, which has to fail. */
export async function failure(call: Promise<unknown>): Promise<ServiceCallError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ServiceCallError);
  return error as ServiceCallError;
}
