import type { Broker, BrokerOptions } from '../../events/broker.js';
import type { ReceivedEvent } from '../../events/event-wire.js';
import type { EventContract } from '../../events/events.js';
import type { ReplayOptions, ReplayReport } from '../../events/replay.js';
import type { Container } from '../container.js';

/** The server of one spec. */
export type BrokerServer = Pick<Container, 'port' | 'kill' | 'start' | 'remove'>;

/** What the table of broker behaviour needs to know of one broker. All about the event `order.placed`. */
export interface BrokerAdapter<S extends BrokerServer = Container> {
  /** As in `broker:` of a manifest, if it can be there. */
  readonly name: string;
  startServer(): Promise<S>;
  url(port: number): string;
  connect<const P extends readonly EventContract[]>(
    url: string,
    options: BrokerOptions<P>,
  ): Broker<P[number]>;
  replay(url: string, options: ReplayOptions): Promise<ReplayReport>;
  /** With the client of the broker alone, as people and other programs use it. */
  bare(url: string): BareBroker;

  /** What the log calls the place where the events of one service wait. */
  readonly place: string;
  /** What a check says when the connection is lost. */
  readonly lost: RegExp;
  /** Whether an event that is published twice arrives once. */
  readonly dropsDuplicates: boolean;
  /** How long a new place needs until a killed server knows it. */
  readonly settlesMs: number;
  /** Whether the server of the tests has its events again after it was killed. Those of all real brokers have. */
  readonly survivesKill: boolean;
  /** How long the broker waits if it is told to wait `ms`. Default: as long. */
  pauseMs?(ms: number): number;
  /** Variables without which its client does not work, in any process. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface BareBroker {
  /** How many events of a service wait or are being handled. Rejects if it has no place for them. */
  waiting(service: string): Promise<number>;
  deadLetters(service: string): Promise<number>;
  /** The last one, which stays there. */
  deadLetter(service: string): Promise<ReceivedEvent>;
  /** Publishes without an id and the chassis's headers. */
  publish(body: string): Promise<void>;
  /** Deletes what a person may delete: where the events of a service wait. */
  deletePlace(service: string): Promise<void>;
  /** Takes the only event and ends without a word, as often as the broker lets a process do so. */
  abandon(service: string): Promise<void>;
  /** Lets the broker soon give away what a killed process has: of `order.placed`, or of a partition of `order.changed`. */
  hurry?(service: string, partition?: number): Promise<void>;
}
