import type { Message } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { deadHeaders } from '../events/dead-letter.js';
import {
  MAX_EVENT_BYTES,
  messageAttributes,
  messageBody,
  messageBytes,
  readMessage,
} from './message.js';
import { MAX_MESSAGE_BYTES } from './topology.js';

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const event = {
  id: 'order-a',
  source: 'orders',
  body: '{"orderId":"a"}',
  headers: {
    traceparent,
    'x-request-id': 'request-1',
    'x-occurred-at': '2026-11-29T10:00:00.000Z',
    'x-order': '0123abcd',
  },
};

/** As it arrives. */
const received = (one: Parameters<typeof messageBody>[0]): Message => ({
  Body: messageBody(one),
  MessageAttributes: messageAttributes(one),
});

it('is read as it was written', () => {
  expect(readMessage(received(event))).toEqual({ ...event, body: Buffer.from(event.body) });
});

it('has attributes that other programs can read', () => {
  const attributes = messageAttributes(event);
  expect(Object.fromEntries(Object.entries(attributes).map(([key, one]) => [key, one.StringValue])))
    .toMatchInlineSnapshot(`
    {
      "traceparent": "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01",
      "x-event-id": "order-a",
      "x-event-source": "orders",
      "x-headers": "{"x-occurred-at":"2026-11-29T10:00:00.000Z","x-order":"0123abcd"}",
      "x-request-id": "request-1",
    }
  `);
});

it('has no more attributes than SQS allows, whatever another publisher gave it', () => {
  const foreign = Array.from({ length: 9 }, (_, n) => [
    `tenant-${n}`,
    { DataType: 'String', StringValue: 'a' },
  ]);
  const binary = { DataType: 'Binary', BinaryValue: new Uint8Array([1]) };
  const MessageAttributes = { ...Object.fromEntries(foreign), picture: binary } as never;
  const { headers, ...rest } = readMessage({ Body: '{}', MessageAttributes });
  expect(rest).toEqual({ id: undefined, source: undefined, body: Buffer.from('{}') });
  expect(Object.keys(headers)).toHaveLength(9);
  const letter = {
    ...rest,
    headers: { ...headers, ...deadHeaders('invalid', new Error('no'), 1) },
  };
  expect(Object.keys(messageAttributes(letter))).toEqual(['x-headers']);
  expect(readMessage(received(letter)).headers).toMatchObject({
    'tenant-8': 'a',
    'x-attempt': '1',
  });
});

it.each(['{"a":1}', '[1]', 'null', 'no JSON'])('ignores %s in place of packed headers', (text) => {
  const MessageAttributes = { 'x-headers': { DataType: 'String', StringValue: text } };
  expect(readMessage({ Body: '{}', MessageAttributes }).headers).toEqual({});
});

describe('what SQS does not allow', () => {
  /** Everything else is refused: https://www.w3.org/TR/REC-xml/#charsets */
  const isAllowed = (character: string) => {
    const code = character.codePointAt(0)!;
    const isText = (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd);
    return isText || code >= 0x10000 || ['\t', '\n', '\r'].includes(character);
  };
  const refused = (text: string) => [...text].filter((character) => !isAllowed(character));
  const awkward = 'a\u0000\u001b\uFFFE\uFFFF\uD800😀';

  it('is escaped in a body', () => {
    const body = messageBody({ ...event, body: JSON.stringify({ text: awkward }) });
    expect(refused(awkward)).toHaveLength(5);
    expect(refused(body)).toEqual([]);
    expect(JSON.parse(body)).toEqual({ text: awkward });
  });

  it('is escaped in the reason of a dead letter', () => {
    const headers = deadHeaders('rejected', new Error(awkward), 1);
    const letter = { ...event, headers };
    for (const { StringValue } of Object.values(messageAttributes(letter))) {
      expect(refused(StringValue)).toEqual([]);
    }
    expect(readMessage(received(letter)).headers).toEqual(headers);
  });
});

it('leaves room for what a dead letter says about itself', () => {
  const bytes = (headers: Record<string, string>) =>
    messageBytes(event.body, messageAttributes({ ...event, headers }));
  const worst = deadHeaders('retries exhausted', new Error('\u0001'.repeat(600)), 1000);
  const more = bytes({ ...event.headers, ...worst }) - bytes(event.headers);
  expect(more).toBeGreaterThan(3000);
  expect(MAX_EVENT_BYTES + more).toBeLessThan(MAX_MESSAGE_BYTES);
});

it('counts bytes, not characters', () => {
  expect(messageBytes('é', {})).toBe(2);
  const attributes = { a: { DataType: 'String', StringValue: '😀' } };
  expect(messageBytes('', attributes)).toBe(1 + 6 + 4);
});
