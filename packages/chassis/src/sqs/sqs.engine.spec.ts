import { setTimeout as sleep } from 'node:timers/promises';
import { GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { runInContext } from '../context/request-context.js';
import { describeBroker } from '../testing/brokers/behaviour.js';
import { soon } from '../testing/brokers/fixture.js';
import { namesOf, sqsAdapter, withAws } from '../testing/brokers/sqs.js';
import { ABANDONED_MS } from './topology.js';

describeBroker(sqsAdapter, (use) => {
  const { connect, consumer, place, unique, said } = use;

  it('keeps an event as long as its handler runs', async () => {
    const service = unique('billing');
    const slow = await consumer(service, () => sleep(ABANDONED_MS + 2000));
    await place(connect('orders'), 'a');
    await soon(slow.ids).toEqual(['a']);
    const other = await consumer(service);
    await soon(() => use.bare.waiting(service)).toBe(0);
    expect([...slow.ids(), ...other.ids()]).toEqual(['a']);
  });

  it('creates everything again if it is gone, and goes on', async () => {
    const service = unique('billing');
    const { broker, ids } = await consumer(service);
    const orders = connect('orders', { publishTimeoutMs: 2000 });
    await place(orders, 'before');
    await soon(ids).toEqual(['before']);
    await use.server.kill();
    await soon(() => broker.check(AbortSignal.timeout(1000)).then(String, String)).toMatch(
      sqsAdapter.lost,
    );
    await use.server.start();
    await soon(() => use.bare.waiting(service).catch(() => -1)).toBe(0);
    await soon(() => place(orders, 'after').then(() => 'published', String)).toBe('published');
    await soon(ids).toEqual(['before', 'after']);
    await broker.check(AbortSignal.timeout(5000));
    expect(said('info')).toContain('broker is connected again');
  });

  it('shows other programs what an event is, and the request that it is about', async () => {
    const service = unique('billing');
    const orders = connect('orders', { subscribers: { 'order.placed': [service] } });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const context = { requestId: 'request-1', traceparent };
    const id = await runInContext(context, () => place(orders, 'a', 12));
    const [message] = await withAws(use.url, async ({ queues }) => {
      const { QueueUrl } = await queues.send(
        new GetQueueUrlCommand({ QueueName: namesOf(service).queue }),
      );
      const receive = new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] });
      return (await queues.send(receive)).Messages!;
    });
    const text = (name: string) => message!.MessageAttributes![name]?.StringValue;
    expect(JSON.parse(message!.Body!)).toEqual({ orderId: 'a', total: 12 });
    expect(text('x-event-id')).toBe(id);
    expect(text('x-event-source')).toBe('orders');
    expect(text('x-request-id')).toBe('request-1');
    expect(text('traceparent')).toBe(traceparent);
  });
});
