/**
 * Where metrics are recorded, without depending on the package that does it. The same name always returns the same
 * metric.
 */
export interface Meter {
  counter(name: string, help: string, labels: readonly string[]): Counter;
  /** A histogram of seconds. */
  histogram(name: string, help: string, labels: readonly string[]): Histogram;
  gauge(name: string, help: string): Gauge;
}

export type MetricLabels = Readonly<Record<string, string>>;

export interface Counter {
  inc(labels: MetricLabels): void;
}

export interface Histogram {
  observe(labels: MetricLabels, seconds: number): void;
}

export interface Gauge {
  set(value: number): void;
}

/** Used if metrics are off. */
export const NO_METER: Meter = {
  counter: () => ({ inc: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => ({ set: () => undefined }),
};
