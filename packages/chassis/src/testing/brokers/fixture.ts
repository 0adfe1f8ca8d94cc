import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Broker, BrokerOptions } from '../../events/broker.js';
import { handle, type EventMessage } from '../../events/events.js';
import type { Resource } from '../../service/resource.js';
import type { Log } from '../../telemetry/log.js';
import { startContainer, type Container } from '../container.js';
import { orderPlaced } from '../order-placed.js';
import type { BareBroker, BrokerAdapter } from './adapter.js';

/** Long enough for a busy machine. */
export const soon = <T>(read: () => T) => expect.poll(read, { timeout: 150_000 });

export type OrderPlaced = EventMessage<typeof orderPlaced>;
export type OrderBroker = Broker<typeof orderPlaced>;
type Options = Partial<BrokerOptions<readonly [typeof orderPlaced]>>;
export type BrokerFixture = ReturnType<typeof useBroker>;

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

/** A real server for the tests of a suite. What a test opens is closed after it. */
export function useBroker(adapter: BrokerAdapter) {
  const { log, lines, said } = rememberingLog();
  const open: Resource[] = [];
  let count = 0;
  let server: Container;
  let url: string;
  let bare: BareBroker;

  beforeAll(async () => {
    server = await startContainer(adapter.container);
    url = adapter.url(server.port);
    bare = adapter.bare(url);
  });
  afterAll(() => server?.remove());
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
