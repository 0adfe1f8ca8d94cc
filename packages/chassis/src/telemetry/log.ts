interface LogLine {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** A logger: Fastify's or any pino. */
export interface Log {
  debug: LogLine;
  info: LogLine;
  warn: LogLine;
  error: LogLine;
  /** The same logger, with extra fields in each line. */
  child(fields: Record<string, unknown>): Log;
}
