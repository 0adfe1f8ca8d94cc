import { expect, it } from 'vitest';
import { EventRefusedError } from '../events/broker.js';
import { handle } from '../events/events.js';
import { describeBroker } from '../testing/brokers/behaviour.js';
import { soon } from '../testing/brokers/fixture.js';
import { RABBITMQ_USER, rabbitmqAdapter, withRabbitMq } from '../testing/brokers/rabbitmq.js';
import { orderChanged, orderPlaced } from '../testing/order-placed.js';
import { rabbitmq } from './rabbitmq.js';

describeBroker(rabbitmqAdapter, (use) => {
  const { connect, consumer, place, unique, said, log } = use;

  it("names what the service's account may not publish or consume", async () => {
    const { password } = RABBITMQ_USER;
    const service = unique('narrow');
    const own = `^(events|${service}:.*)$`;
    await use.server.exec('rabbitmqctl', '-q', 'add_user', service, password);
    const write = `^(events|amq\\.default|${service}:.*)$`;
    await use.server.exec('rabbitmqctl', '-q', 'set_permissions', service, own, write, own);
    const topics = ['set_topic_permissions', service, 'events', '^other$', '^other$'];
    await use.server.exec('rabbitmqctl', '-q', ...topics);
    const narrow = rabbitmq(`amqp://${service}:${password}@127.0.0.1:${use.server.port}`, {
      ...{ service, publishes: [orderPlaced], log, retryDelaysMs: [100] },
    });
    use.closeLater(narrow);
    const refusal = await place(narrow, 'a').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(EventRefusedError);
    const may = `the account of ${service} at the broker may not`;
    expect((refusal as EventRefusedError).cause).toMatchObject({
      message: expect.stringContaining(
        `${may} publish order.placed: check "publishes" in its service.yml, run nx sync and deploy ${service}`,
      ) as string,
    });
    // What its account may do still works.
    await narrow.check(AbortSignal.timeout(20_000));
    narrow.subscribe([handle(orderPlaced, () => Promise.resolve())]);
    await narrow.start();
    await soon(() => said('warn').join()).toContain(
      `${may} consume order.placed: check "subscribes" in its service.yml`,
    );
    await expect(narrow.check(AbortSignal.timeout(20_000))).rejects.toThrow(
      `${service}:order.placed is not consumed: ${may} consume order.placed`,
    );
  });

  it('publishes no event with an order before each known service has its queues', async () => {
    const { password } = RABBITMQ_USER;
    const [service, later] = [unique('narrow'), unique('later')];
    const own = `^(events|${service}:.*)$`;
    await use.server.exec('rabbitmqctl', '-q', 'add_user', service, password);
    await use.server.exec('rabbitmqctl', '-q', 'set_permissions', service, own, own, own);
    const narrow = rabbitmq(`amqp://${service}:${password}@127.0.0.1:${use.server.port}`, {
      ...{ service, publishes: [orderChanged], subscribers: { 'order.changed': [later] }, log },
    });
    use.closeLater(narrow);
    const change = (step: number) => narrow.publish(orderChanged, { orderId: 'a', step });
    const refusal = await change(1).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(EventRefusedError);
    expect((refusal as EventRefusedError).cause).toMatchObject({
      message: `there is no queue ${later}:order.changed:7 yet: its service creates it when it starts`,
    });
    const seen: number[] = [];
    const subscriber = rabbitmq(use.url, { service: later, log });
    use.closeLater(subscriber);
    subscriber.subscribe([
      handle(orderChanged, ({ data: { step } }) => Promise.resolve(seen.push(step))),
    ]);
    await subscriber.start();
    await change(2);
    await soon(() => seen).toEqual([2]);
  });

  it('loses nothing if the queues for retries were deleted', async () => {
    const service = unique('billing');
    const { events } = await consumer(service, ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet');
    });
    await withRabbitMq(use.url, (connection) => connection.queueDelete(`${service}:retry:100`));
    await place(connect('orders'), 'a');
    await soon(() => events.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});
