import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { newCustomer, type Customer } from '../tools/platform/customer.js';
import { placeOrders } from '../tools/platform/load.js';
import {
  containerOf,
  gatewayUrl,
  logOf,
  startNx,
  takeDown,
  type BackingName,
  type ServiceName,
} from '../tools/platform/reference-platform.js';
import { tellStory } from '../tools/platform/story.js';
import { mustEnd } from '../tools/testing/child.js';
import { describeEngine } from '../tools/testing/describe-engine.js';

const MINUTE = 60_000;

describeEngine('the reference platform', () => {
  const told: string[] = [];
  let gateway: string;
  let customer: Customer;

  beforeAll(async () => {
    await takeDown();
    await tellStory({
      heading: (text) => told.push(text),
      line: (text) => told.push(text),
      show: async (_command, start) => void (await mustEnd(start(() => undefined))),
    });
    gateway = await gatewayUrl();
    customer = await newCustomer(gateway);
  });

  afterAll(async () => {
    await takeDown();
    const left = await mustRun('docker', ['ps', '--all', '--quiet', '--filter', 'name=^org-']);
    expect(left).toBe('');
  });

  it('is what its description generates', async () => {
    const dry = ['g', '@org/micro:platform', 'apps/platform.yml', '--dry-run'];
    const output = await mustEnd(startNx(dry));
    expect(output).toMatch(/kept:.*orders/);
    expect(output).not.toMatch(/^(?:CREATE|UPDATE|DELETE) /m);
  });

  it('sells: a declined payment is undone, and one request and one trace go through all six services', () => {
    // The story fails if any of this is missing.
    expect(told.join('\n')).toMatch(/cancelled: the card was declined[^]*the order is confirmed/);
  });

  it('loses no order and charges none twice when RabbitMQ is killed under load', async () => {
    const broker = await containerOf('broker');
    const load = placeOrders(customer, 40, 100);
    await sleep(1000);
    await mustRun('docker', ['kill', '--signal', 'KILL', broker]);
    await sleep(1500);
    await mustRun('docker', ['start', broker]);
    const { accepted, refused } = await load;
    expect(refused).toEqual([]);
    expect(accepted).toHaveLength(40);
    await expectAllPaidOnce(accepted);
  });

  it('handles the event that a worker was handling when it was killed', async () => {
    const payments = await containerOf('payments');
    const load = placeOrders(customer, 20, 50);
    await sleep(500);
    await mustRun('docker', ['kill', '--signal', 'KILL', payments]);
    const { accepted, refused } = await load;
    await mustRun('docker', ['start', payments]);
    expect(refused).toEqual([]);
    await expectAllPaidOnce(accepted);
  });

  it('publishes an event that a service had committed when it was killed', async () => {
    const [broker, orders] = [await containerOf('broker'), await containerOf('orders')];
    await mustRun('docker', ['stop', broker]);
    const { accepted, refused } = await placeOrders(customer, 5, 0);
    expect(refused).toEqual([]);
    const { data, errors } = await customer.overview();
    expect(data.orders?.orders.map(({ id }) => id)).toEqual(expect.arrayContaining(accepted));
    expect([data.user.email, data.products?.products.length, errors]).toEqual([
      expect.stringContaining('@example.com'),
      expect.any(Number),
      {},
    ]);
    await mustRun('docker', ['kill', '--signal', 'KILL', orders]);
    // The aggregate of the gateway still has what does not need the service.
    expect(await customer.overview()).toMatchObject({
      data: { user: data.user, orders: null, products: null },
      errors: { orders: { service: 'orders' }, products: { service: 'orders' } },
    });
    expect(await sql('orders-database', 'SELECT count(*) FROM chassis_outbox')).toBe('5');
    await mustRun('docker', ['start', broker, orders]);
    await expectBrowsing();
    await expectAllPaidOnce(accepted);
  });

  it('refuses an order while inventory is down, cancels it, and takes it under its key afterwards', async () => {
    const inventory = await containerOf('inventory');
    const whole = await customer.shopFront();
    expect(whole.errors).toBeUndefined();
    // The story has sold it.
    expect(whole.data.products).toContainEqual({ id: 'lamp', price: 4900, available: 0 });
    await mustRun('docker', ['kill', '--signal', 'KILL', inventory]);
    // The gateway still answers with what orders knows.
    const { data, errors } = await customer.shopFront();
    expect(data.orders).toEqual(whole.data.orders);
    expect(data.products).toEqual(
      whole.data.products!.map((product) => ({ ...product, available: null })),
    );
    expect(errors).toHaveLength(data.products!.length);
    for (const { extensions } of errors!) expect(extensions.service).toBe('inventory');
    const key = randomUUID();
    const refused = await refusedOrder(key, /answered 503: /);
    // What it holds is not known before inventory can be asked.
    expect((await customer.order(refused)).status).toBe('cancelling');
    await mustRun('docker', ['start', inventory]);
    await expectAccepted(key, refused);
    expect((await customer.shopFront()).errors).toBeUndefined();
  });

  it('waits for a slow inventory no longer than its time, and holds no stock for that order', async () => {
    const seconds = 6;
    const locked = sql(
      'inventory-database',
      `BEGIN; LOCK TABLE stock IN EXCLUSIVE MODE; SELECT pg_sleep(${seconds}); COMMIT`,
    );
    const locks =
      "SELECT count(*) FROM pg_locks WHERE relation = 'stock'::regclass AND mode = 'ExclusiveLock'";
    await expect.poll(() => sql('inventory-database', locks), { timeout: MINUTE }).toBe('1');
    const started = performance.now();
    const key = randomUUID();
    const refused = await refusedOrder(key, /answered 504: /);
    expect(performance.now() - started).toBeLessThan(seconds * 1000);
    await locked;
    await expectAccepted(key, refused);
  });

  it('sets a poison message aside, and handles it after the service was fixed', async () => {
    const [orderId, paymentId] = [randomUUID(), randomUUID()];
    await publish('refund.requested', { orderId, paymentId });
    await publish('refund.requested', { orderId: 'no uuid' });
    const dead = 'payments:refund.requested:dead';
    await expect.poll(() => messagesIn(dead), { timeout: MINUTE }).toBe(2);

    await sql(
      'payments-database',
      `INSERT INTO charges (order_id, payment_id, amount, status) VALUES ('${orderId}', '${paymentId}', 1, 'charged')`,
    );
    await mustRun('docker', [
      ...['exec', await containerOf('payments')],
      ...['node', 'main.js', 'replay-dead-letters'],
    ]);
    const status = `SELECT status FROM charges WHERE order_id = '${orderId}'`;
    await expect.poll(() => sql('payments-database', status), { timeout: MINUTE }).toBe('refunded');
    // The message that no service can read is in the dead-letter queue again.
    await expect.poll(() => messagesIn(dead), { timeout: MINUTE }).toBe(1);
  });

  it('names the provider that restarts, and recovers without a person when it is back', async () => {
    const restart = mustRun('docker', ['restart', await containerOf('orders')]);
    const answers = await browse(60, 100);
    await restart;
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
      expect([502, 503, 504]).toContain(status);
      expect(body).toContain('orders');
    }
    await expectBrowsing();
  });

  it('drops no request while a provider is deployed', async () => {
    const deploy = startNx(['compose-deploy', 'orders'], undefined, { METRICS: 'on' });
    const answers = await browse(150, 50);
    await mustEnd(deploy);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  async function expectAllPaidOnce(ids: readonly string[]): Promise<void> {
    const orders = await Promise.all(ids.map((id) => customer.settled(id, 2 * MINUTE)));
    expect(orders.filter(({ status }) => status !== 'confirmed')).toEqual([]);
    const list = ids.map((id) => `'${id}'`).join();
    const charged = `SELECT count(*) FROM charges WHERE status = 'charged' AND order_id IN (${list})`;
    expect(await sql('payments-database', charged)).toBe(String(ids.length));
  }

  /** The id of an order that is refused because of inventory, which only the log of orders names. */
  async function refusedOrder(idempotencyKey: string, answer: RegExp): Promise<string> {
    const requestId = `refused-${randomUUID()}`;
    await expect(customer.placeOrder({ idempotencyKey, requestId })).rejects.toThrow(answer);
    const lines = (await logOf('orders')).filter((line) => line.requestId === requestId);
    expect(JSON.stringify(lines)).toContain('inventory.v1.InventoryService/Reserve');
    const { data } = await customer.overview();
    const [order] = data.orders?.orders ?? [];
    expect(order?.reason).toBe('the stock could not be reserved');
    return order!.id;
  }

  /** The key leads to another order than the refused one, which is cancelled and holds no stock. */
  async function expectAccepted(idempotencyKey: string, refused: string): Promise<void> {
    // The circuit breaker may be open for some seconds.
    const place = () => customer.placeOrder({ idempotencyKey }).catch(() => undefined);
    await expect.poll(place, { timeout: MINUTE, interval: 1000 }).toBeDefined();
    const { id } = await customer.placeOrder({ idempotencyKey });
    await expectAllPaidOnce([id]);
    expect(await customer.settled(refused, MINUTE)).toMatchObject({ status: 'cancelled' });
    const held = 'SELECT order_id FROM reservations WHERE NOT released ORDER BY 1';
    const sold = "SELECT id FROM orders WHERE status = 'confirmed' ORDER BY 1";
    expect(await sql('inventory-database', held)).toBe(await sql('orders-database', sold));
    const gone = "SELECT 1000000 - available FROM stock WHERE product_id = 'desk'";
    const desks = `SELECT count(*) FROM order_lines JOIN orders ON id = order_id WHERE product_id = 'desk' AND status = 'confirmed'`;
    expect(await sql('inventory-database', gone)).toBe(await sql('orders-database', desks));
  }

  async function expectBrowsing(): Promise<void> {
    await expect.poll(async () => (await browse(1, 0))[0]?.status, { timeout: MINUTE }).toBe(200);
  }

  /** Requests the products through the gateway, a limited number of times. */
  async function browse(count: number, pauseMs: number) {
    const answers: { status: number; body: string }[] = [];
    for (let index = 0; index < count; index++) {
      const response = await fetch(`${gateway}/api/orders/products`);
      answers.push({ status: response.status, body: await response.text() });
      await sleep(pauseMs);
    }
    return answers;
  }
});

/** The data that orders would publish, as its outbox stores it. */
async function publish(event: string, data: object): Promise<void> {
  await sql(
    'orders-database',
    `INSERT INTO chassis_outbox (event_id, event, body, headers) VALUES ('${randomUUID()}', '${event}', '${JSON.stringify(data)}', '{}')`,
  );
}

async function sql(
  database: BackingName & `${ServiceName}-database`,
  statement: string,
): Promise<string> {
  const owner = database.replace('-database', '');
  const psql = ['psql', '--username', owner, '--dbname', owner, '--tuples-only', '--no-align'];
  const command = [...psql, '--command', statement];
  return (await mustRun('docker', ['exec', await containerOf(database), ...command])).trim();
}

async function messagesIn(queue: string): Promise<number> {
  const list = ['rabbitmqctl', '--quiet', '--formatter', 'json', 'list_queues', 'name', 'messages'];
  const text = await mustRun('docker', ['exec', await containerOf('broker'), ...list]);
  const queues = JSON.parse(text) as { name: string; messages: number }[];
  return queues.find(({ name }) => name === queue)?.messages ?? 0;
}
