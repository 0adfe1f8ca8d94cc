interface LogLine {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** What is logged with, where it may be Fastify's logger or any pino. */
export interface Log {
  debug: LogLine;
  info: LogLine;
  warn: LogLine;
  error: LogLine;
  /** The same, with fields in each of its lines. */
  child(fields: Record<string, unknown>): Log;
}
