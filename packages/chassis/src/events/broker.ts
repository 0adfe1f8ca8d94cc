import type { Resource, ResourceHost } from '../service/resource.js';
import type { Log } from '../telemetry/log.js';
import type { WireEvent } from './event-wire.js';
import type { EventContract, Publisher, Subscription } from './events.js';

/** As OpenTelemetry names them: https://opentelemetry.io/docs/specs/semconv/registry/attributes/messaging/ */
export type MessagingSystem = 'rabbitmq' | 'nats' | 'redis' | 'kafka' | 'aws_sqs';

/** What every broker can do, whatever its kind. */
export interface Broker<E extends EventContract = EventContract> extends Resource, Publisher<E> {
  readonly kind: 'broker';
  readonly system: MessagingSystem;
  readonly service: string;
  readonly publishes: readonly E[];
  /** Handled after `start`, each from a queue of this service alone, which its replicas share. */
  subscribe(subscriptions: readonly Subscription[]): void;
  /** The last step of `publish`, for events that are already encoded, like those of an outbox. */
  send(event: WireEvent): Promise<void>;
  start(host?: ResourceHost): Promise<void>;
  stop(): Promise<void>;
}

/** What all brokers are configured with. */
export interface BrokerOptions<P extends readonly EventContract[]> {
  /** The service's name. It names its queues, and is the source of its events. */
  service: string;
  /** All events that it publishes. Publishing another one does not compile. */
  publishes?: P;
  /**
   * Known consumers of an event: `{ 'order.placed': ['billing'] }`. Their queues are declared before the first event is
   * published, so that no event is lost before they start for the first time.
   */
  subscribers?: Readonly<Record<string, readonly string[]>>;
  /** Default `broker`. */
  name?: string;
  /** How many events with the same name are handled at the same time. Default 10. */
  prefetch?: number;
  /** Pauses before an event is delivered again after its handler failed. Default 1 s, 10 s, 1 min, 10 min. */
  retryDelaysMs?: readonly number[];
  /** How long a handler may take; this is also its deadline. Default 30 000. */
  handlerTimeoutMs?: number;
  /** How long to wait for a connection, and then for the broker's confirm. Default 5000. */
  publishTimeoutMs?: number;
  /** The longest pause between two attempts to connect again. Default 2000. */
  maxReconnectDelayMs?: number;
  /** Default: the service's log. */
  log?: Log;
}

/**
 * Adds what a service handles.
 *
 * @throws {TypeError} if it handles one of the events already.
 */
export function addSubscription(
  service: string,
  subscriptions: Subscription[],
  added: Subscription,
): void {
  const { name } = added.contract;
  if (subscriptions.some(({ contract }) => contract.name === name)) {
    throw new TypeError(`${service} subscribes to ${name} twice: call both from one handler`);
  }
  subscriptions.push(added);
}

export const RETRY_DELAYS_MS: readonly number[] = [1000, 10_000, 60_000, 600_000];

/**
 * The broker would refuse this event each time: for example, it is too big, or the service's account may not publish
 * it.
 */
export class EventRefusedError extends Error {
  override readonly name = 'EventRefusedError';

  constructor(event: string, options: ErrorOptions) {
    super(`the broker refused ${event}`, options);
  }
}
