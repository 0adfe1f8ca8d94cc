import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type BatchResultErrorEntry,
  type Message,
} from '@aws-sdk/client-sqs';
import { abortable } from '../context/deadline.js';
import { deadHeaders } from '../events/dead-letter.js';
import type { DeadReason } from '../events/event-outcome.js';
import { ATTEMPT, type ReceivedEvent } from '../events/event-wire.js';
import { Batches, type Failures } from './batches.js';
import type { AwsConnection } from './connection.js';
import type { Declarations } from './declarations.js';
import { explainRights, isMissing } from './errors.js';
import { hashed, messageAttributes, messageBody, messageGroup, readMessage } from './message.js';
import { ABANDONED_MS, handlerNames, MAX_PAUSE_MS, type HandlerNames } from './topology.js';

/** An event in hand: no other process gets it until it has been invisible for too long. */
export interface Taken {
  readonly received: ReceivedEvent;
  readonly messageId: string;
  readonly receipt: string;
  /** When it was received, in milliseconds of `performance.now()`. */
  readonly at: number;
}

/** What a handler does with its queue. */
export interface HandlerQueue {
  readonly names: HandlerNames;
  /** Whether events of one key are handled one after the other. Then it takes one at a time. */
  readonly isOrdered: boolean;
  /** Creates what is missing. */
  declare(): Promise<unknown>;
  /** Takes at most as many events. An empty list if none came in time. */
  take(count: number, waitMs: number, signal: AbortSignal): Promise<Taken[]>;
  /** Says that an event is still being handled. */
  keep(taken: Taken): Promise<void>;
  finish(taken: Taken): Promise<void>;
  pause(taken: Taken, delayMs: number): Promise<void>;
  bury(taken: Taken, reason: DeadReason, error: unknown, attempt: number): Promise<void>;
}

interface Visibility {
  readonly receipt: string;
  readonly seconds: number;
}

/** SQS gives as many at most. */
const MOST_AT_A_TIME = 10;

export class Queue implements HandlerQueue {
  readonly names: HandlerNames;
  readonly #deletions = new Batches<string>((receipts) => this.#delete(receipts));
  /** What is done or waits: it must not be kept any more. */
  readonly #settled = new WeakSet<Taken>();
  readonly #visibilities = new Batches<Visibility>((changes) => this.#change(changes));

  constructor(
    private readonly connection: AwsConnection,
    private readonly declarations: Declarations,
    private readonly handler: { prefix: string; service: string; event: string },
    readonly isOrdered: boolean,
  ) {
    const { prefix, service, event } = handler;
    this.names = handlerNames(prefix, service, event, isOrdered);
  }

  declare() {
    const { service, event } = this.handler;
    return this.declarations.place(service, event, this.isOrdered);
  }

  async take(count: number, waitMs: number, signal: AbortSignal): Promise<Taken[]> {
    const { queueUrl } = await abortable(this.declare(), signal);
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      // SQS would give several of one key, and the first of them may have to wait for a retry.
      MaxNumberOfMessages: this.isOrdered ? 1 : Math.min(count, MOST_AT_A_TIME),
      WaitTimeSeconds: Math.floor(waitMs / 1000),
      VisibilityTimeout: ABANDONED_MS / 1000,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const receiving = this.connection.call(
      (options) => this.connection.sqs.send(command, options),
      { signal, waitMs },
    );
    const explained = explainRights(receiving, 'sqs:ReceiveMessage', this.names.queue);
    const { Messages = [] } = await explained.catch((error: unknown) => {
      // A person deleted the queue.
      if (isMissing(error)) this.declarations.forget();
      throw error;
    });
    return Messages.map(readTaken);
  }

  async keep(taken: Taken): Promise<void> {
    if (this.#settled.has(taken)) return;
    await this.#visibilities.add({ receipt: taken.receipt, seconds: ABANDONED_MS / 1000 });
  }

  finish(taken: Taken): Promise<void> {
    this.#settled.add(taken);
    return this.#deletions.add(taken.receipt);
  }

  pause(taken: Taken, delayMs: number): Promise<void> {
    this.#settled.add(taken);
    // The limit counts from when it was received.
    const mostMs = MAX_PAUSE_MS - (performance.now() - taken.at);
    const seconds = Math.min(Math.ceil(delayMs / 1000), Math.floor(mostMs / 1000));
    return this.#visibilities.add({ receipt: taken.receipt, seconds });
  }

  /** In two steps, so a dead letter can be there twice if the process is killed between them. */
  async bury(taken: Taken, reason: DeadReason, error: unknown, attempt: number): Promise<void> {
    const { received, messageId } = taken;
    const headers = { ...received.headers, ...deadHeaders(reason, error, attempt) };
    const letter = { ...received, headers };
    const { deadUrl } = await this.declare();
    const command = new SendMessageCommand({
      QueueUrl: deadUrl,
      MessageBody: messageBody(letter),
      MessageAttributes: messageAttributes(letter),
      ...(this.isOrdered
        ? {
            MessageGroupId: messageGroup(letter, messageId),
            MessageDeduplicationId: hashed(messageId),
          }
        : {}),
    });
    const sending = this.connection.call((options) => this.connection.sqs.send(command, options));
    await explainRights(sending, 'sqs:SendMessage', this.names.dead);
    await this.finish(taken);
  }

  async #delete(receipts: readonly string[]): Promise<Failures> {
    const { queueUrl } = await this.declare();
    const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    const deleting = this.connection.call((options) =>
      this.connection.sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        options,
      ),
    );
    return failuresOf(await explainRights(deleting, 'sqs:DeleteMessage', this.names.queue));
  }

  async #change(changes: readonly Visibility[]): Promise<Failures> {
    const { queueUrl } = await this.declare();
    // An event that was kept and then paused must be paused.
    const last = new Map(changes.map((change, index) => [change.receipt, index]));
    const Entries = [...last].map(([ReceiptHandle, index]) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: changes[index]!.seconds,
    }));
    const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries });
    const changing = this.connection.call((options) => this.connection.sqs.send(command, options));
    const action = 'sqs:ChangeMessageVisibility';
    return failuresOf(await explainRights(changing, action, this.names.queue));
  }
}

/** SQS counts the attempts: each delivery is one, also one whose process died. */
function readTaken(message: Message): Taken {
  const received = readMessage(message);
  const attempt = message.Attributes?.ApproximateReceiveCount ?? '1';
  return {
    received: { ...received, headers: { ...received.headers, [ATTEMPT]: attempt } },
    messageId: message.MessageId!,
    receipt: message.ReceiptHandle!,
    at: performance.now(),
  };
}

function failuresOf({ Failed = [] }: { Failed?: BatchResultErrorEntry[] }): Failures {
  return new Map(
    Failed.map(({ Id, Code, Message }) => [Number(Id), new Error(`${Code}: ${Message}`)]),
  );
}
