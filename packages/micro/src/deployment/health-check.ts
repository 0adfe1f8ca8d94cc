/** A health check as Compose writes it; `HEALTHCHECK` of a Dockerfile has the same parts. */
export interface WrittenHealthCheck {
  /** `CMD` or `CMD-SHELL` with the command, or `NONE`. */
  test?: readonly string[];
  /** `10s` */
  interval?: string;
  timeout?: string;
  retries?: number;
}
