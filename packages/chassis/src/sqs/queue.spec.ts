import { expect, it } from 'vitest';
import { orderPlaced } from '../testing/order-placed.js';
import type { AwsConnection } from './connection.js';
import type { Declarations } from './declarations.js';
import { MAX_PAUSE_MS } from './topology.js';
import { Queue } from './queue.js';

interface Call {
  readonly action: string;
  readonly input: Record<string, unknown>;
}

/** A queue whose calls `answer` settles. */
function queueOf(isOrdered: boolean, answer: (call: Call) => unknown = () => ({})) {
  const calls: Call[] = [];
  const send = (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const call = { action: command.constructor.name.replace(/Command$/, ''), input: command.input };
    calls.push(call);
    return Promise.resolve(answer(call));
  };
  const connection = {
    sqs: { send },
    call: (make: (options: object) => Promise<unknown>) => make({}),
  } as unknown as AwsConnection;
  const declarations = {
    place: () => Promise.resolve({ queueUrl: 'queue', deadUrl: 'dead' }),
  } as unknown as Declarations;
  const handler = { prefix: 'shop', service: 'billing', event: orderPlaced.name };
  return { queue: new Queue(connection, declarations, handler, isOrdered), calls };
}

const taken = (receipt: string) => ({
  received: { id: 'order-a', source: 'orders', body: Buffer.from('{}'), headers: {} },
  messageId: `message of ${receipt}`,
  receipt,
  at: performance.now(),
});
const never = new AbortController().signal;

it('takes 10 at most, and with an order one at a time', async () => {
  for (const [isOrdered, count, most] of [
    [false, 3, 3],
    [false, 50, 10],
    [true, 50, 1],
  ] as const) {
    const { queue, calls } = queueOf(isOrdered);
    await queue.take(count, 20_000, never);
    expect(calls[0]!.input).toMatchObject({ MaxNumberOfMessages: most, WaitTimeSeconds: 20 });
  }
});

it('counts attempts as SQS does', async () => {
  const Messages = [{ Body: '{}', Attributes: { ApproximateReceiveCount: '3' } }];
  const { queue } = queueOf(false, () => ({ Messages }));
  const [event] = await queue.take(1, 0, never);
  expect(event!.received.headers['x-attempt']).toBe('3');
});

it('deletes together', async () => {
  const { queue, calls } = queueOf(false);
  await Promise.all(['a', 'b'].map((receipt) => queue.finish(taken(receipt))));
  expect(calls).toMatchObject([
    {
      action: 'DeleteMessageBatch',
      input: { Entries: [{ ReceiptHandle: 'a' }, { ReceiptHandle: 'b' }] },
    },
  ]);
});

it('says which of several could not be deleted', async () => {
  const Failed = [{ Id: '1', Code: 'ReceiptHandleIsInvalid', Message: 'expired' }];
  const { queue } = queueOf(false, () => ({ Failed }));
  const both = Promise.allSettled(['a', 'b'].map((receipt) => queue.finish(taken(receipt))));
  expect(await both).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { message: 'ReceiptHandleIsInvalid: expired' } },
  ]);
});

it('pauses what it was asked to keep a moment before, and keeps nothing that waits', async () => {
  const { queue, calls } = queueOf(false);
  const event = taken('a');
  await Promise.all([queue.keep(event), queue.pause(event, 1500)]);
  await queue.keep(event);
  expect(calls.map(({ input }) => input.Entries)).toEqual([
    [{ Id: '1', ReceiptHandle: 'a', VisibilityTimeout: 2 }],
  ]);
});

it('pauses for no longer than SQS allows since an event was received', async () => {
  const { queue, calls } = queueOf(false);
  await queue.pause({ ...taken('a'), at: performance.now() - 5000 }, MAX_PAUSE_MS);
  const [{ VisibilityTimeout }] = calls[0]!.input.Entries as [{ VisibilityTimeout: number }];
  expect(VisibilityTimeout).toBeLessThanOrEqual(MAX_PAUSE_MS / 1000 - 5);
  expect(VisibilityTimeout).toBeGreaterThan(MAX_PAUSE_MS / 1000 - 60);
});

it('sends a dead letter before it deletes the event, in the order of its key', async () => {
  const { queue, calls } = queueOf(true);
  const event = taken('a');
  const received = { ...event.received, headers: { 'x-order': '0123abcd' } };
  await queue.bury({ ...event, received }, 'rejected', new Error('no'), 1);
  expect(calls.map(({ action }) => action)).toEqual(['SendMessage', 'DeleteMessageBatch']);
  expect(calls[0]!.input).toMatchObject({ QueueUrl: 'dead', MessageGroupId: '0123abcd' });
});
