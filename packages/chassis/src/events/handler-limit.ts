export const HANDLER_TIMEOUT_MS = 30_000;
/** How much of the time for a stop is needed after the handlers: for acknowledgements, and to close connections. */
const STOP_MARGIN_MS = 2000;

/**
 * How long a handler may take. A handler that is running when a stop begins must end before the process does.
 *
 * @throws {Error} if the code sets more than a stop allows.
 */
export function handlerLimit(asked: number | undefined, stopTimeoutMs = Infinity): number {
  const most = Math.max(stopTimeoutMs - STOP_MARGIN_MS, Math.floor(stopTimeoutMs / 2));
  if (asked !== undefined && asked > most) {
    throw new Error(
      `handlerTimeoutMs is ${asked}, and a stop may take ${stopTimeoutMs} ms: set STOP_TIMEOUT_MS to ${asked + STOP_MARGIN_MS} or more, or a lower handlerTimeoutMs`,
    );
  }
  return asked ?? Math.min(HANDLER_TIMEOUT_MS, most);
}
