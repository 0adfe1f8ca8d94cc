import { expect, it } from 'vitest';
import { describeBroker } from '../testing/brokers/behaviour.js';
import { soon } from '../testing/brokers/fixture.js';
import { natsAdapter, withNats } from '../testing/brokers/nats.js';
import { orderPlaced } from '../testing/order-placed.js';
import { ACK_WAIT_MS, consumerName } from './topology.js';

describeBroker(natsAdapter, (use) => {
  const { connect, consumer, place, unique } = use;

  it('refuses what is too big for the server', async () => {
    const orders = connect('orders');
    const body = 'x'.repeat(2 * 1024 * 1024);
    const event = { id: 'big', name: orderPlaced.name, body, headers: {} };
    await expect(orders.send(event)).rejects.toMatchObject({ name: 'EventRefusedError' });
  });

  it('brings its consumer up to date when it starts', async () => {
    const service = unique('billing');
    await (await consumer(service)).broker.close();
    const name = consumerName(service, orderPlaced.name);
    const ackWait = () =>
      withNats(use.url, async (manager) => {
        return (await manager.consumers.info('events', name)).config.ack_wait;
      });
    expect(await ackWait()).toBe(ACK_WAIT_MS * 1_000_000);
    await use.bare.hurry!(service);
    expect(await ackWait()).toBe(1_000_000_000);
    const { ids } = await consumer(service);
    expect(await ackWait()).toBe(ACK_WAIT_MS * 1_000_000);
    await place(connect('orders'), 'a');
    await soon(ids).toEqual(['a']);
  });
});
