import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import type { Broker, BrokerOptions } from '../../events/broker.js';
import { handle, type EventMessage } from '../../events/events.js';
import type { Resource } from '../../service/resource.js';
import type { Log } from '../../telemetry/log.js';
import { startEventProcess } from '../event-process.js';
import { orderPlaced } from '../order-placed.js';
import type { BareBroker, BrokerAdapter, BrokerServer } from './adapter.js';

/** Long enough for a busy machine. */
export const soon = <T>(read: () => T) => expect.poll(read, { timeout: 150_000 });

export type OrderPlaced = EventMessage<typeof orderPlaced>;
export type OrderBroker = Broker<typeof orderPlaced>;
type Options = Partial<BrokerOptions<readonly [typeof orderPlaced]>>;
export type BrokerFixture<S extends BrokerServer = BrokerServer> = ReturnType<typeof useBroker<S>>;

/** A log that remembers its lines. */
export function rememberingLog() {
  const lines: { level: string; text: string }[] = [];
  const write = (level: string) => (_fields: object | string, text?: string) =>
    void lines.push({ level, text: text ?? '' });
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  };
  const said = (level: string) =>
    lines.filter((line) => line.level === level).map(({ text }) => text);
  return { log, lines, said };
}

/** Of this process, until `vi.unstubAllEnvs`. */
export function setVariables({ variables = {} }: Pick<BrokerAdapter, 'variables'>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

/** A real server for the tests of a suite. What a test opens is closed after it. */
export function useBroker<S extends BrokerServer>(adapter: BrokerAdapter<S>) {
  const { log, lines, said } = rememberingLog();
  const open: Resource[] = [];
  let count = 0;
  let server: S;
  let url: string;
  let bare: BareBroker;

  beforeAll(async () => {
    setVariables(adapter);
    server = await adapter.startServer();
    url = adapter.url(server.port);
    bare = adapter.bare(url);
  });
  afterAll(async () => {
    await server?.remove();
    vi.unstubAllEnvs();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((resource) => resource.close()));
    lines.length = 0;
  });

  const connect = (service: string, options: Options = {}): OrderBroker => {
    const broker = adapter.connect(url, {
      service,
      publishes: [orderPlaced],
      retryDelaysMs: [100, 200],
      maxReconnectDelayMs: 300,
      log,
      ...options,
    });
    open.push(broker);
    return broker;
  };

  /** A running consumer, and the events it got. */
  async function consumer(
    service: string,
    work: (event: OrderPlaced) => unknown = () => undefined,
    options: Options = {},
  ) {
    const events: OrderPlaced[] = [];
    const broker = connect(service, options);
    broker.subscribe([
      handle(orderPlaced, async (event) => {
        events.push(event);
        await work(event);
      }),
    ]);
    await broker.start();
    return { broker, events, ids: () => events.map(({ data }) => data.orderId) };
  }

  return {
    adapter,
    log,
    lines,
    said,
    /** A service name that no other test uses. */
    unique: (name: string) => `${name}-${++count}`,
    /** Runs the worker with what it needs to reach the broker. */
    startProcess: (variables: Record<string, string>) =>
      startEventProcess({ BROKER_URL: url, ...adapter.variables, ...variables }),
    /** In milliseconds, as logs and handlers see it. */
    pauseOf: (ms: number): number => adapter.pauseMs?.(ms) ?? ms,
    closeLater: (resource: Resource) => void open.push(resource),
    connect,
    consumer,
    place: (broker: OrderBroker, orderId: string, total = 1) =>
      broker.publish(orderPlaced, { orderId, total }),
    // Set before the first test.
    get server() {
      return server;
    },
    get url() {
      return url;
    },
    get bare() {
      return bare;
    },
  };
}
