import { expect, it } from 'vitest';
import { handle, RejectEventError } from '../events/events.js';
import { describeBroker } from '../testing/brokers/behaviour.js';
import { soon } from '../testing/brokers/fixture.js';
import { kafkaAdapter, withKafka } from '../testing/brokers/kafka.js';
import { orderChanged } from '../testing/order-placed.js';
import { kafka, type KafkaOptions } from './kafka.js';
import { eventTopic, orderedTopic } from './topology.js';

describeBroker(kafkaAdapter, (use) => {
  const { unique, closeLater, log } = use;

  async function ordered(
    service: string,
    work: (step: number, attempt: number) => void,
    options: Partial<KafkaOptions<readonly [typeof orderChanged]>> = {},
  ) {
    const broker = kafka(use.url, { service, publishes: [orderChanged], log, ...options });
    closeLater(broker);
    broker.subscribe([
      handle(orderChanged, ({ data: { step }, attempt }) => Promise.resolve(work(step, attempt))),
    ]);
    await broker.start();
    return broker;
  }

  it('replays a dead letter with an order for its own service only', async () => {
    const [billing, mail] = [unique('billing'), unique('mail')];
    const seen = { billing: [] as number[], mail: [] as number[] };
    let isBroken = true;
    const broker = await ordered(billing, (step) => {
      seen.billing.push(step);
      if (isBroken) throw new RejectEventError('no');
    });
    await ordered(mail, (step) => void seen.mail.push(step));
    await broker.publish(orderChanged, { orderId: 'a', step: 1 });
    await soon(() => seen).toEqual({ billing: [1], mail: [1] });
    isBroken = false;
    await kafkaAdapter.replay(use.url, { service: billing, subscribes: [orderChanged], log });
    await soon(() => seen.billing).toEqual([1, 1]);
    await broker.publish(orderChanged, { orderId: 'a', step: 2 });
    await soon(() => seen).toEqual({ billing: [1, 1, 2], mail: [1, 2] });
  });

  it('hands over an event that waits for its next attempt to a replica that takes its partition', async () => {
    const service = unique('billing');
    const seen: string[] = [];
    const fail = (name: string) => (step: number, attempt: number) => {
      seen.push(`${name} ${step} ${attempt}`);
      throw new Error('not yet');
    };
    const options = { retryDelaysMs: [600_000] };
    const first = await ordered(service, fail('first'), options);
    // One key for each partition, so that the second replica surely takes over some.
    const keys = Array.from({ length: 40 }, (_, n) => `order-${n}`);
    for (const orderId of keys) await first.publish(orderChanged, { orderId, step: 1 });
    await soon(() => seen.length).toBe(8);
    await ordered(service, fail('second'), options);
    // Its attempts begin again there, and nothing behind it overtakes it.
    await soon(() => seen.filter((one) => one === 'second 1 1').length).toBe(4);
    expect(seen.filter((one) => one === 'first 1 1')).toHaveLength(8);
  });

  it('has 8 partitions for events with an order, whatever is asked for', async () => {
    await ordered(unique('billing'), () => undefined, { partitions: 3 });
    const [plain, own] = await withKafka(use.url, async (admin) => {
      const names = [
        eventTopic('events', orderChanged.name),
        orderedTopic('events', orderChanged.name),
      ];
      // A copy, because the client sorts the array that it is given.
      const { topics } = await admin.metadata({ topics: [...names], forceUpdate: true });
      return names.map((name) => topics.get(name)!.partitionsCount);
    });
    expect(plain).toBe(6);
    expect(own).toBe(8);
  });
});
