import { describe, expect, it } from 'vitest';
import { ABANDONED_MS, arnOf, handlerNames, queueAttributes, WORKING_MS } from './topology.js';

describe('handlerNames', () => {
  it('are those of one service and one event', () => {
    expect(handlerNames('shop', 'billing', 'order.line-added', false)).toEqual({
      topic: 'shop_order_line-added',
      queue: 'shop_billing_order_line-added',
      dead: 'shop_billing_order_line-added__dead',
    });
    expect(handlerNames('shop', 'billing', 'order.changed', true)).toEqual({
      topic: 'shop_order_changed.fifo',
      queue: 'shop_billing_order_changed.fifo',
      dead: 'shop_billing_order_changed__dead.fifo',
    });
  });

  it('differ if anything differs', () => {
    const names = [
      handlerNames('shop', 'billing', 'order.placed', false),
      handlerNames('shop', 'billing', 'order.placed', true),
      handlerNames('shop', 'billing', 'order.placed.dead', false),
      handlerNames('shop', 'billing-order', 'placed.dead', false),
      handlerNames('shop-billing', 'order', 'placed.dead', false),
    ].flatMap(({ queue, dead }) => [queue, dead]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are refused if SQS does not allow them', () => {
    const event = `order.${'a'.repeat(60)}`;
    expect(() => handlerNames('shop', 'billing', event, true)).toThrow(
      'has 90 characters, and SQS allows 80: use a shorter prefix in the URL of the broker, or a shorter name of the event',
    );
  });
});

it('lets only the topic of the event send to a queue', () => {
  const { Policy } = queueAttributes(false, 'topic-arn', 'queue-arn', 'dead-arn');
  expect(JSON.parse(Policy!)).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: 'queue-arn',
        Condition: { ArnEquals: { 'aws:SourceArn': 'topic-arn' } },
      },
    ],
  });
});

it.each([
  ['eu-central-1', 'arn:aws:sqs:eu-central-1:123456789012:shop'],
  ['cn-north-1', 'arn:aws-cn:sqs:cn-north-1:123456789012:shop'],
  ['us-gov-west-1', 'arn:aws-us-gov:sqs:us-gov-west-1:123456789012:shop'],
])('knows the part of AWS of %s', (region, arn) => {
  expect(arnOf('sqs', { region, account: '123456789012', name: 'shop' })).toBe(arn);
});

it('says several times that a handler still runs before an event counts as abandoned', () => {
  expect(WORKING_MS * 2).toBeLessThan(ABANDONED_MS);
});
