import type { Meter } from '../telemetry/meter.js';

export type PublishOutcome = 'confirmed' | 'unroutable' | 'failed';
export type HandleOutcome = 'done' | 'retried' | 'dead' | 'returned';

/** The metrics of events; by event name, never by id. */
export interface EventMetrics {
  published(event: string, outcome: PublishOutcome): void;
  handled(event: string, outcome: HandleOutcome, durationMs: number): void;
}

export function eventMetrics(meter: Meter): EventMetrics {
  const published = meter.counter(
    'events_published_total',
    'Events that were sent to the broker. unroutable: no service has a queue for it; failed: not confirmed.',
    ['event', 'outcome'],
  );
  const handled = meter.counter(
    'events_handled_total',
    'Deliveries that ended. retried: comes again later; dead: in the dead-letter queue; returned: comes again at once.',
    ['event', 'outcome'],
  );
  const duration = meter.histogram('event_handling_duration_seconds', 'Time that a handler took.', [
    'event',
  ]);
  return {
    published: (event, outcome) => published.inc({ event, outcome }),
    handled: (event, outcome, durationMs) => {
      handled.inc({ event, outcome });
      duration.observe({ event }, durationMs / 1000);
    },
  };
}
