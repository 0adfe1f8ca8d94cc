import type { Postgres } from '../datastores/postgres.js';
import { formatReason } from '../errors/errors.js';
import type { Resource, ResourceHost } from '../service/resource.js';
import { defaultLog } from '../telemetry/default-log.js';
import type { Log } from '../telemetry/log.js';
import { NO_METER, type Gauge } from '../telemetry/meter.js';
import { EventRefusedError, type Broker } from './broker.js';
import { ORDER } from './event-order.js';
import { publishEvent } from './event-publishing.js';
import type { WireEvent } from './event-wire.js';
import type { EventContract, EventInput, PublishOptions } from './events.js';

export interface OutboxOptions {
  /** Default `outbox`. */
  name?: string;
  /** How often to look for events of other replicas. Its own are published within milliseconds. Default 500. */
  pollMs?: number;
  /** How many events are published at a time. They stay locked until the broker has them. Default 100. */
  batch?: number;
  /** The log warns if events wait for longer. Default 60 000. */
  warnAfterMs?: number;
  /** Default: the service's log. */
  log?: Log;
}

/** The client of a transaction: that of `database.transaction`, or of a library on top of `pg`. */
export interface SqlClient {
  query(text: string, values: unknown[]): Promise<unknown>;
}

export interface Outbox<E extends EventContract = EventContract> extends Resource {
  readonly kind: 'relay';
  /**
   * Publishes as a part of the transaction of `client`. If that is rolled back, the event is never published. If it is
   * committed, the event is published, at the latest after the next start of the service.
   *
   * @returns the event's id.
   * @throws {InvalidEventError} if `data` does not match the contract.
   */
  publish<C extends E>(
    client: SqlClient,
    contract: C,
    data: EventInput<C>,
    options?: PublishOptions,
  ): Promise<string>;
  start(host?: ResourceHost): void;
}

interface Row {
  id: string;
  event_id: string;
  event: string;
  body: string;
  headers: Record<string, string>;
}

/** The transaction that just wrote an event is most likely committed after this time. */
const HURRY_MS = 5;
const WATCH_MS = 10_000;
/** The maximum of the count, to keep the query cheap. */
const COUNT_LIMIT = 100_000;
const BROKER_PAUSE_MS = 1000;

const LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('chassis_outbox')) AS locked";

/** Not behind an event with the same key that the broker refused. */
const IN_ORDER = `AND NOT EXISTS (
  SELECT FROM chassis_outbox AS earlier WHERE earlier.id < waiting.id AND earlier.event = waiting.event
    AND earlier.headers->>'${ORDER}' = waiting.headers->>'${ORDER}' AND earlier.next_attempt_at > now())`;

/**
 * A transactional outbox: events are rows, written in the same transaction as the change that they are about. A relay
 * in each replica sends them to the broker and deletes them after it has confirmed. Each row is processed by one relay
 * at a time. If a relay dies in between, another one publishes its events again; handlers deal with duplicates with
 * `once`.
 *
 * If any of the broker's events has an order, one relay at a time works for all replicas. An event is then published
 * after those with the same key that were written before it, also if the broker refuses one of them for a while.
 *
 * The table is created by `migratePostgres({ …, eventTables: true })`.
 */
export function outbox<E extends EventContract>(
  database: Postgres,
  broker: Broker<E>,
  options: OutboxOptions = {},
): Outbox<E> {
  const { name = 'outbox', pollMs = 500, batch = 100, warnAfterMs = 60_000 } = options;
  let hostLog: Log | undefined;
  const log = (): Log => options.log ?? hostLog ?? defaultLog();
  let pending: Gauge = NO_METER.gauge('', '');
  let oldest: Gauge = pending;

  let pauseMs = pollMs;
  let wake: () => void = () => undefined;
  let isClosing = false;
  let running: Promise<void> | undefined;
  let watching: NodeJS.Timeout | undefined;

  function hurry(): void {
    pauseMs = HURRY_MS;
    wake();
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isClosing) wake();
    });
  }

  async function run(): Promise<void> {
    let isFailing = false;
    while (!isClosing) {
      try {
        const count = await relay();
        isFailing = false;
        if (count === batch) continue;
        await pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, pollMs);
      } catch (error) {
        if (!isFailing) log().warn({ err: error }, `${name} stands still: ${formatReason(error)}`);
        isFailing = true;
        await pause(Math.max(pollMs, BROKER_PAUSE_MS));
      }
    }
  }

  const isOrdered = broker.publishes.some(({ orderBy }) => orderBy !== undefined);

  /** @returns how many events it processed; 0 if it was the turn of another replica. */
  async function relay(): Promise<number> {
    let failure: unknown;
    const count = await database.transaction(async (client) => {
      if (isOrdered && !(await client.query<{ locked: boolean }>(LOCK)).rows[0]!.locked) return 0;
      const { rows } = await client.query<Row>(
        `SELECT id, event_id, event, body, headers FROM chassis_outbox AS waiting
         WHERE next_attempt_at <= now() ${isOrdered ? IN_ORDER : ''}
         ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
        [batch],
      );
      if (rows.length === 0) return 0;
      const published: string[] = [];
      const failed: [row: Row, reason: unknown][] = [];
      const sendAll = async (sequence: readonly Row[]): Promise<void> => {
        for (const row of sequence) {
          try {
            await publishRow(row);
            published.push(row.id);
          } catch (reason) {
            // Those behind it wait for it.
            return void failed.push([row, reason]);
          }
        }
      };
      await Promise.all(sequencesOf(rows).map(sendAll));
      if (published.length > 0) {
        await client.query('DELETE FROM chassis_outbox WHERE id = ANY($1::bigint[])', [published]);
      }
      for (const [row, reason] of failed) {
        if (!(reason instanceof EventRefusedError)) failure ??= reason;
        // One that is refused by itself must not hold up others.
        else await putOff(client, row, reason);
      }
      return rows.length;
    });
    if (failure) throw failure as Error;
    return count;
  }

  /** Rows that must be published one after the other, in lists. */
  function sequencesOf(rows: readonly Row[]): Row[][] {
    const sequences = new Map<string, Row[]>();
    for (const row of rows) {
      const order = row.headers[ORDER];
      const key = order === undefined ? row.id : `${row.event}:${order}`;
      const sequence = sequences.get(key);
      if (sequence) sequence.push(row);
      else sequences.set(key, [row]);
    }
    return [...sequences.values()];
  }

  function publishRow({ event_id: id, event, body, headers }: Row): Promise<void> {
    return broker.send({ id, name: event, body, headers });
  }

  async function putOff(client: SqlClient, { id, event_id, event }: Row, reason: Error) {
    const error = formatReason(reason.cause);
    log().error({ event, eventId: event_id }, `the broker refuses ${event}: ${error}`);
    await client.query(
      `UPDATE chassis_outbox SET attempts = attempts + 1, last_error = $2,
         next_attempt_at = now() + least(power(2, attempts), 600) * interval '1 second'
       WHERE id = $1`,
      [id, error],
    );
  }

  async function watch(): Promise<void> {
    const { rows } = await database.query<{ count: number; seconds: number }>(
      `SELECT count(*)::integer AS count,
         coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS seconds
       FROM (SELECT created_at FROM chassis_outbox ORDER BY id LIMIT ${COUNT_LIMIT}) AS waiting`,
    );
    const { count, seconds } = rows[0]!;
    pending.set(count);
    oldest.set(seconds);
    if (seconds * 1000 > warnAfterMs) {
      const text = `${count} events wait in ${name}, the oldest for ${Math.round(seconds)} s`;
      log().warn({ count, seconds }, text);
    }
  }

  /** Publishes what the last handlers wrote now, instead of after the next start. */
  async function close(): Promise<void> {
    isClosing = true;
    clearInterval(watching);
    wake();
    if (!running) return;
    await running;
    try {
      while ((await relay()) === batch);
    } catch (error) {
      log().info(
        {},
        `${name} publishes the remaining events after the next start: ${formatReason(error)}`,
      );
    }
  }

  let closed: Promise<void> | undefined;
  return {
    name,
    kind: 'relay',
    publish: async <C extends E>(
      client: SqlClient,
      contract: C,
      data: EventInput<C>,
      options: PublishOptions = {},
    ): Promise<string> => {
      const write = ({ id, name: event, body, headers }: WireEvent) =>
        client.query(
          'INSERT INTO chassis_outbox (event_id, event, body, headers) VALUES ($1, $2, $3, $4)',
          [id, event, body, JSON.stringify(headers)],
        );
      const eventId = await publishEvent(broker, name, contract, data, options, write);
      hurry();
      return eventId;
    },
    check: async () => {
      await database.query('SELECT FROM chassis_outbox LIMIT 0');
    },
    start: (host) => {
      if (running || isClosing) return;
      hostLog = host?.log;
      const meter = host?.meter ?? NO_METER;
      pending = meter.gauge('events_outbox_pending', 'Events that wait to be published.');
      oldest = meter.gauge('events_outbox_oldest_seconds', 'How long the oldest of them waits.');
      running = run();
      // Separate from the relay, which waits while the broker is down, when the numbers matter most. If the database
      // does
      // not answer, the relay reports that.
      watching = setInterval(() => void watch().catch(() => undefined), WATCH_MS);
      watching.unref();
    },
    close: () => (closed ??= close()),
  };
}
