/**
 * The fields of an error that may be logged besides its message and stack. Any other field may contain a request with
 * its secrets.
 */
const LOGGED_FIELDS = [
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'hostname',
  'status',
  'statusCode',
  // Of PostgreSQL, MySQL and MariaDB. Not `detail`, because it quotes rows.
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'sqlState',
  // Of the chassis' own errors.
  'attempts',
  'durationMs',
  'kind',
  'packages',
  'provider',
  'resource',
] as const;

/** Causes below this depth are left out, in case an error is its own cause. */
const MAX_DEPTH = 5;

export interface LoggedError {
  type: string;
  message: string;
  stack?: string;
  cause?: LoggedError;
  aggregateErrors?: LoggedError[];
  [field: string]: unknown;
}

/**
 * The serializer of `err`: type, message, stack, causes, and those of the error's own fields that are known to be
 * harmless.
 */
export function serializeError(error: unknown): unknown {
  return isError(error) ? loggedError(error, 0) : error;
}

/** Whether a value is an error, also one of another realm, such as a worker's or a test's. */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { message, stack } = value as { message?: unknown; stack?: unknown };
  return typeof message === 'string' && typeof stack === 'string';
}

function loggedError(error: Error, depth: number): LoggedError {
  const logged: LoggedError = { type: typeOf(error), message: error.message };
  if (typeof error.stack === 'string') logged.stack = error.stack;
  for (const field of LOGGED_FIELDS) {
    const value = read(error, field);
    if (isHarmless(value)) logged[field] = value;
  }
  if (depth === MAX_DEPTH) return logged;
  const [cause, errors] = [read(error, 'cause'), read(error, 'errors')];
  if (isError(cause)) logged.cause = loggedError(cause, depth + 1);
  if (Array.isArray(errors)) {
    logged.aggregateErrors = errors.filter(isError).map((one) => loggedError(one, depth + 1));
  }
  return logged;
}

/** Undefined if reading the field throws, because logging an error must not fail. */
function read(error: Error, field: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[field];
  } catch {
    return undefined;
  }
}

function typeOf(error: Error): string {
  const { constructor } = error as { constructor?: unknown };
  return typeof constructor === 'function' && constructor.name !== ''
    ? constructor.name
    : error.name;
}

function isHarmless(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
