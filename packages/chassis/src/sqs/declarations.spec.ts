import { expect, it } from 'vitest';
import { rememberingLog } from '../testing/brokers/fixture.js';
import type { AwsConnection } from './connection.js';
import { Declarations } from './declarations.js';

const ACCOUNT = '123456789012';
const address = { region: 'eu-central-1', prefix: 'shop', account: undefined, endpoint: undefined };
const urlOf = (name: string) => `https://sqs.eu-central-1.amazonaws.com/${ACCOUNT}/${name}`;
const topicArn = `arn:aws:sns:eu-central-1:${ACCOUNT}:shop_order_placed`;

interface Call {
  readonly action: string;
  readonly input: Record<string, unknown>;
}
type Answer = (input: Record<string, unknown>) => unknown;

/** An answer of AWS that is an error. */
function failure(name: string, message = name): () => never {
  return () => {
    throw Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });
  };
}
const denied = failure('AuthorizationErrorException', 'User is not authorized');

/** An AWS in which nothing exists, unless `answers` say otherwise. */
function aws(answers: Record<string, Answer> = {}, account?: string) {
  const calls: Call[] = [];
  const all: Record<string, Answer> = {
    CreateTopic: ({ Name }) => ({
      TopicArn: `arn:aws:sns:eu-central-1:${ACCOUNT}:${String(Name)}`,
    }),
    GetQueueUrl: failure('QueueDoesNotExist'),
    CreateQueue: ({ QueueName }) => ({ QueueUrl: urlOf(String(QueueName)) }),
    Subscribe: () => ({}),
    ...answers,
  };
  const send = (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const action = command.constructor.name.replace(/Command$/, '');
    calls.push({ action, input: command.input });
    return Promise.resolve().then(() => all[action]!(command.input));
  };
  const connection = {
    sns: { send },
    sqs: { send },
    call: (make: (options: object) => Promise<unknown>) => make({}),
    outside: (work: () => unknown) => work(),
  } as unknown as AwsConnection;
  const { log, said } = rememberingLog();
  const declarations = new Declarations(connection, { ...address, account }, () => log);
  return { declarations, calls, said, actions: () => calls.map(({ action }) => action) };
}

const exists: Answer = ({ QueueName }) => ({ QueueUrl: urlOf(String(QueueName)) });
const place = (declarations: Declarations) => declarations.place('billing', 'order.placed', false);

it('creates what is missing, once', async () => {
  const { declarations, calls, actions } = aws();
  const both = await Promise.all([place(declarations), place(declarations)]);
  expect(both[0]).toBe(both[1]);
  expect(both[0]).toMatchObject({
    queueUrl: urlOf('shop_billing_order_placed'),
    deadUrl: urlOf('shop_billing_order_placed__dead'),
  });
  expect(actions()).toEqual([
    ...['GetQueueUrl', 'GetQueueUrl', 'CreateTopic', 'CreateQueue', 'CreateQueue', 'Subscribe'],
  ]);
  const { Attributes } = calls[4]!.input as { Attributes: Record<string, string> };
  expect(JSON.parse(Attributes.RedrivePolicy!)).toEqual({
    deadLetterTargetArn: `arn:aws:sqs:eu-central-1:${ACCOUNT}:shop_billing_order_placed__dead`,
    maxReceiveCount: 1000,
  });
  expect(calls[5]!.input).toMatchObject({
    TopicArn: topicArn,
    Endpoint: `arn:aws:sqs:eu-central-1:${ACCOUNT}:shop_billing_order_placed`,
    Attributes: { RawMessageDelivery: 'true' },
  });
});

it('leaves what is there as it is', async () => {
  const { declarations, actions } = aws({ GetQueueUrl: exists });
  await place(declarations);
  expect(actions()).not.toContain('CreateQueue');
});

it('takes a topic with other attributes', async () => {
  const { declarations, calls } = aws({
    CreateTopic: (input) =>
      Object.keys(input.Attributes as object).length === 0
        ? { TopicArn: topicArn }
        : failure('InvalidParameterException', 'Topic already exists with different attributes')(),
  });
  expect(await declarations.topic('order.placed', false)).toBe(topicArn);
  expect(calls.map(({ input }) => input.Attributes)).toEqual([
    { MaximumMessageSize: '1048576' },
    {},
  ]);
});

it('takes a subscription with other attributes, such as a filter', async () => {
  const text = 'Invalid parameter: Subscription already exists with different attributes';
  const { declarations, said } = aws({ Subscribe: failure('InvalidParameterException', text) });
  await place(declarations);
  expect(said('warn')).toEqual([]);
});

it('uses what others created if its role may create nothing, and warns of what it cannot see', async () => {
  const { declarations, said } = aws({
    ...{ CreateTopic: denied, CreateQueue: denied, Subscribe: denied, GetQueueUrl: exists },
  });
  for (const _ of [1, 2]) {
    await place(declarations);
    declarations.forget();
  }
  expect(await declarations.topic('order.placed', false)).toBe(topicArn);
  expect(said('warn')).toEqual([
    'the role of the service may not subscribe shop_billing_order_placed to shop_order_placed (sns:Subscribe): no event arrives unless somebody else did',
  ]);
});

it('knows the topic from the account in the URL if its role may not create topics', async () => {
  const named = aws({ CreateTopic: denied }, ACCOUNT);
  expect(await named.declarations.topic('order.placed', false)).toBe(topicArn);
  const unnamed = aws({ CreateTopic: denied });
  await expect(unnamed.declarations.topic('order.placed', false)).rejects.toThrow(
    'the role of the service may not create the topic shop_order_placed (sns:CreateTopic): allow it, or add ?account= with the number of its account to the URL of the broker',
  );
});

it.each([
  ['GetQueueUrl', 'sqs:GetQueueUrl for shop_billing_order_placed__dead'],
  ['CreateQueue', 'sqs:CreateQueue for shop_billing_order_placed__dead, which does not exist'],
])('names what its role lacks if it may not %s, and asks again', async (action, what) => {
  const { declarations, calls } = aws({ [action]: failure('AccessDeniedException') });
  const text = `the role of the service may not call ${what}`;
  await expect(place(declarations)).rejects.toMatchObject({
    name: 'MissingRightError',
    message: text,
  });
  const before = calls.length;
  await expect(place(declarations)).rejects.toThrow(text);
  expect(calls.length).toBeGreaterThan(before);
});
