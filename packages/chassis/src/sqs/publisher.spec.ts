import { expect, it } from 'vitest';
import type { AwsConnection } from './connection.js';
import type { Declarations } from './declarations.js';
import { MissingRightError } from './errors.js';
import { MAX_EVENT_BYTES } from './message.js';
import { ConfirmingPublisher } from './publisher.js';

const event = { id: 'order-a', source: 'orders', body: '{}', headers: {} };
const placed = { name: 'order.placed', isOrdered: false };
const changed = { name: 'order.changed', isOrdered: true };

/** A publisher whose calls `answer` settles. */
function publishing(
  answer: (action: string, input: Record<string, unknown>) => unknown,
  declared: Partial<Declarations> = {},
) {
  const send = (command: { constructor: { name: string }; input: Record<string, unknown> }) =>
    Promise.resolve().then(() => answer(command.constructor.name, command.input));
  const connection = {
    outage: undefined,
    sns: { send },
    call: (make: (options: object) => Promise<unknown>) => make({}),
    outside: (work: () => unknown) => work(),
  } as unknown as AwsConnection;
  const warnings: string[] = [];
  let forgotten = 0;
  const declarations = {
    topic: (name: string) => Promise.resolve(`arn:${name}`),
    place: () => Promise.resolve(),
    forget: () => void forgotten++,
    warnOnce: (text: string) => void warnings.push(text),
    ...declared,
  } as unknown as Declarations;
  const publisher = new ConfirmingPublisher(connection, declarations, {
    resource: 'broker',
    timeoutMs: 5000,
    subscribers: { 'order.placed': ['billing'] },
  });
  return { publisher, warnings, forgotten: () => forgotten };
}

const failure = (name: string) => Object.assign(new Error(name), { name });
const subscribed = { Subscriptions: [{}] };

it('gives events with an order a group, and all a name by which SNS knows them again', async () => {
  const published: Record<string, unknown>[] = [];
  const { publisher } = publishing((action, input) => {
    if (action === 'PublishCommand') published.push(input);
    return subscribed;
  });
  const withKey = { ...event, headers: { 'x-order': '0123abcd' } };
  for (const one of [withKey, event]) await publisher.send(changed, one);
  await publisher.send(placed, event);
  const [keyed, keyless, plain] = published;
  expect(keyed).toMatchObject({ TopicArn: 'arn:order.changed', MessageGroupId: '0123abcd' });
  expect(keyed!.MessageDeduplicationId).toMatch(/^[0-9a-f]{64}$/);
  // It waits for nothing.
  expect(keyless!.MessageGroupId).toBe(keyless!.MessageDeduplicationId);
  expect(Object.keys(plain!)).toEqual(['TopicArn', 'Message', 'MessageAttributes']);
});

it('says whether anything is subscribed, and does not ask each time', async () => {
  let asked = 0;
  const { publisher } = publishing((action) => {
    if (action === 'ListSubscriptionsByTopicCommand') asked++;
    return {};
  });
  const answers = [await publisher.send(placed, event), await publisher.send(placed, event)];
  expect(answers).toEqual([false, false]);
  expect(asked).toBe(1);
});

it('takes for granted that something is subscribed if it may not ask', async () => {
  const { publisher } = publishing((action) => {
    if (action === 'ListSubscriptionsByTopicCommand') throw failure('AuthorizationErrorException');
    return {};
  });
  expect(await publisher.send(placed, event)).toBe(true);
});

it('declares everything again if a person deleted the topic', async () => {
  let isGone = true;
  const { publisher, forgotten } = publishing((action) => {
    if (action === 'PublishCommand' && isGone) {
      isGone = false;
      throw failure('NotFoundException');
    }
    return subscribed;
  });
  await publisher.send(placed, event);
  expect(forgotten()).toBe(1);
});

it('publishes if it may not create the queue of another service, and says so once', async () => {
  let asked = 0;
  const place = () => {
    asked++;
    return Promise.reject(new MissingRightError('not allowed'));
  };
  const { publisher, warnings } = publishing(() => subscribed, { place });
  for (const _ of [1, 2]) await publisher.send(placed, event);
  expect(asked).toBe(1);
  expect(warnings).toEqual([
    'billing misses what is published as order.placed until it has started once: not allowed',
  ]);
});

it('refuses what is too large before it asks AWS', async () => {
  const { publisher } = publishing(() => {
    throw new Error('asked');
  });
  const sending = publisher.send(placed, { ...event, body: 'x'.repeat(MAX_EVENT_BYTES) });
  await expect(sending).rejects.toMatchObject({
    name: 'EventRefusedError',
    cause: {
      message: expect.stringMatching(
        /^order\.placed has \d+ bytes with its attributes; 1044480 at most\. Put large data into a store such as S3/,
      ) as string,
    },
  });
});

it.each([
  ['AuthorizationErrorException', 'EventRefusedError'],
  ['InvalidParameterException', 'EventRefusedError'],
  ['ThrottledException', 'UnavailableError'],
  ['InternalErrorException', 'UnavailableError'],
  ['ExpiredTokenException', 'UnavailableError'],
])('makes %s an %s', async (name, expected) => {
  const { publisher } = publishing(() => {
    throw failure(name);
  });
  await expect(publisher.send(placed, event)).rejects.toMatchObject({ name: expected });
});
