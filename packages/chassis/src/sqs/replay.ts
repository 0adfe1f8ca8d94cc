import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { UnavailableError } from '../errors/unavailable.js';
import { withoutDeadHeaders } from '../events/dead-letter.js';
import type { ReplayOptions, ReplayReport } from '../events/replay.js';
import { defaultLog } from '../telemetry/default-log.js';
import { parseAddress } from './address.js';
import { AwsConnection } from './connection.js';
import { Declarations } from './declarations.js';
import { explainRights, isAnswer, MissingRightError } from './errors.js';
import { hashed, messageAttributes, messageBody, messageGroup, readMessage } from './message.js';
import { handlerNames } from './topology.js';

/** Says in which replay an event was sent, so that it is known if it failed again. */
const REPLAY = 'x-replay';
/** Enough that SQS looks everywhere before it answers that there is no letter. */
const POLL_MS = 1000;
/** How long nobody else gets the letters in hand. */
const HOLD_SECONDS = 300;
const MOST_AT_A_TIME = 10;

/**
 * Moves a service's dead letters back to its own queues, as if they came for the first time. Events that fail again
 * during that stay. A dead letter is removed after SQS has the event again. So none is lost if this ends halfway, but
 * one may come twice; what a killed replay had in hand can be replayed after 5 minutes.
 *
 * @throws {UnavailableError}
 * @throws {MissingRightError} if the role of the service may not.
 */
export async function replayDeadLetters(
  url: string,
  { service, subscribes, timeoutMs = 10_000, log = defaultLog() }: ReplayOptions,
): Promise<ReplayReport> {
  const name = 'broker';
  checkConnectionUrl(name, 'sqs', url);
  const address = parseAddress(url);
  const connection = new AwsConnection(address, { name, timeoutMs, log: () => log });
  const queues = new Declarations(connection, address, () => log);
  const { sqs } = connection;
  const run = randomUUID();
  try {
    const report: Record<string, number> = {};
    for (const { name: event, orderBy } of subscribes) {
      report[event] = await replay(event, false);
      if (orderBy !== undefined) report[event] += await replay(event, true);
    }
    return report;
  } catch (error) {
    if (isAnswer(error) || error instanceof MissingRightError) throw error;
    throw connection.outage === undefined ? error : new UnavailableError(name, error);
  } finally {
    connection.close();
  }

  async function replay(event: string, isOrdered: boolean): Promise<number> {
    const names = handlerNames(address.prefix, service, event, isOrdered);
    const [dead, queue] = await Promise.all([queues.find(names.dead), queues.find(names.queue)]);
    if (!dead || !queue) return 0;
    /** Receipts of letters that stay. Nobody gets one while it is in hand, so no letter is seen twice. */
    const held = new Set<string>();
    let count = 0;
    try {
      for (;;) {
        const letters = await receive(dead.url, names.dead);
        if (letters.length === 0) return count;
        for (const { ReceiptHandle } of letters) held.add(ReceiptHandle!);
        for (const letter of letters) {
          if (readMessage(letter).headers[REPLAY] === run) continue;
          await move(event, letter, { from: dead.url, to: queue.url, isOrdered });
          held.delete(letter.ReceiptHandle!);
          count++;
        }
      }
    } finally {
      await Promise.all([...held].map((receipt) => release(dead.url, receipt)));
    }
  }

  async function receive(from: string, dead: string): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: from,
      MaxNumberOfMessages: MOST_AT_A_TIME,
      WaitTimeSeconds: POLL_MS / 1000,
      VisibilityTimeout: HOLD_SECONDS,
      MessageAttributeNames: ['All'],
    });
    const receiving = connection.call((options) => sqs.send(command, options), { waitMs: POLL_MS });
    return (await explainRights(receiving, 'sqs:ReceiveMessage', dead)).Messages ?? [];
  }

  async function move(
    event: string,
    letter: Message,
    { from, to, isOrdered }: { from: string; to: string; isOrdered: boolean },
  ): Promise<void> {
    const received = readMessage(letter);
    const { headers, reason, error } = withoutDeadHeaders(received.headers);
    log.info({ event, eventId: received.id, reason, error }, `replaying ${event}`);
    const again = { ...received, headers: { ...headers, [REPLAY]: run } };
    const send = new SendMessageCommand({
      QueueUrl: to,
      MessageBody: messageBody(again),
      MessageAttributes: messageAttributes(again),
      ...(isOrdered
        ? {
            MessageGroupId: messageGroup(again, letter.MessageId!),
            MessageDeduplicationId: hashed('replay', letter.MessageId!),
          }
        : {}),
    });
    const sending = connection.call((options) => sqs.send(send, options));
    await explainRights(sending, 'sqs:SendMessage', to);
    const remove = new DeleteMessageCommand({
      QueueUrl: from,
      ReceiptHandle: letter.ReceiptHandle,
    });
    const removing = connection.call((options) => sqs.send(remove, options));
    await explainRights(removing, 'sqs:DeleteMessage', from);
  }

  /** If that fails, it is free after `HOLD_SECONDS`. */
  async function release(from: string, receipt: string): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: from,
      ReceiptHandle: receipt,
      VisibilityTimeout: 0,
    });
    await connection.call((options) => sqs.send(command, options)).catch(() => undefined);
  }
}
