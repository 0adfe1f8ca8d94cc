import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { Log } from '../telemetry/log.js';
import type { SqsAddress } from './address.js';
import type { AwsConnection } from './connection.js';
import { explainRights, isDenied, isInvalid, isMissing, MissingRightError } from './errors.js';
import {
  arnOf,
  deadQueueAttributes,
  handlerNames,
  queueAttributes,
  topicAttributes,
  topicName,
  type HandlerNames,
} from './topology.js';

/** Where the events of one handler wait, and its dead letters. */
export interface Place {
  readonly names: HandlerNames;
  readonly queueUrl: string;
  readonly deadUrl: string;
}

interface Queue {
  readonly url: string;
  readonly arn: string;
}

/**
 * Topics, queues and subscriptions, each created when it is first needed and missing. What is there stays as it is,
 * because a person may have changed it. So a role that may create nothing can use what others created.
 */
export class Declarations {
  readonly #topics = new Map<string, Promise<string>>();
  readonly #places = new Map<string, Promise<Place>>();
  readonly #warned = new Set<string>();
  /** Of the topics and queues. */
  #account: string | undefined;

  constructor(
    private readonly connection: AwsConnection,
    private readonly address: SqsAddress,
    private readonly log: () => Log,
  ) {
    this.#account = address.account;
  }

  /** Makes the next use declare everything again. */
  forget(): void {
    this.#topics.clear();
    this.#places.clear();
  }

  /** @returns the ARN of the topic of an event. */
  topic(event: string, isOrdered: boolean): Promise<string> {
    const name = topicName(this.address.prefix, event, isOrdered);
    return this.#once(this.#topics, name, () => this.#declareTopic(name, isOrdered));
  }

  /** The queues of a handler, subscribed to the topic of the event. */
  place(service: string, event: string, isOrdered: boolean): Promise<Place> {
    const names = handlerNames(this.address.prefix, service, event, isOrdered);
    return this.#once(this.#places, names.queue, () => this.#declare(names, event, isOrdered));
  }

  /** @returns undefined if there is no such queue. */
  async find(name: string): Promise<Queue | undefined> {
    const asking = this.connection.call((options) =>
      this.connection.sqs.send(new GetQueueUrlCommand({ QueueName: name }), options),
    );
    try {
      const { QueueUrl } = await explainRights(asking, 'sqs:GetQueueUrl', name);
      return this.#queue(name, QueueUrl!);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.log().warn({}, text);
  }

  #once<T>(known: Map<string, Promise<T>>, key: string, declare: () => Promise<T>): Promise<T> {
    const before = known.get(key);
    if (before) return before;
    const declaring = this.connection.outside(declare);
    known.set(key, declaring);
    declaring.catch(() => {
      if (known.get(key) === declaring) known.delete(key);
    });
    return declaring;
  }

  async #declareTopic(name: string, isOrdered: boolean): Promise<string> {
    const create = (attributes: Record<string, string>) =>
      this.connection.call((options) =>
        this.connection.sns.send(
          new CreateTopicCommand({ Name: name, Attributes: attributes }),
          options,
        ),
      );
    try {
      const { TopicArn } = await create(topicAttributes(isOrdered)).catch((error: unknown) => {
        // It is there with other attributes. Without any, the call only tells its ARN.
        if (!isInvalid(error)) throw error;
        return create(isOrdered ? { FifoTopic: 'true' } : {});
      });
      this.#account ??= TopicArn!.split(':')[4];
      return TopicArn!;
    } catch (error) {
      if (!isDenied(error)) throw error;
      const account = this.#account;
      if (account !== undefined)
        return arnOf('sns', { region: this.address.region, account, name });
      throw new MissingRightError(
        `the role of the service may not create the topic ${name} (sns:CreateTopic): allow it, or add ?account= with the number of its account to the URL of the broker`,
        { cause: error },
      );
    }
  }

  async #declare(names: HandlerNames, event: string, isOrdered: boolean): Promise<Place> {
    const [foundDead, found] = await Promise.all(
      [names.dead, names.queue].map((name) => this.find(name)),
    );
    const topicArn = await this.topic(event, isOrdered);
    const dead =
      foundDead ?? (await this.#create(names.dead, () => deadQueueAttributes(isOrdered)));
    const queue =
      found ??
      (await this.#create(names.queue, (arn) =>
        queueAttributes(isOrdered, topicArn, arn, dead.arn),
      ));
    await this.#subscribe(topicArn, queue.arn, names);
    return { names, queueUrl: queue.url, deadUrl: dead.url };
  }

  async #create(name: string, attributes: (arn: string) => Record<string, string>): Promise<Queue> {
    // Known since its topic or its queue for dead letters was declared.
    const account = this.#account ?? '';
    const arn = arnOf('sqs', { region: this.address.region, account, name });
    const creating = this.connection.call((options) =>
      this.connection.sqs.send(
        new CreateQueueCommand({ QueueName: name, Attributes: attributes(arn) }),
        options,
      ),
    );
    const { QueueUrl } = await explainRights(
      creating,
      'sqs:CreateQueue',
      `${name}, which does not exist`,
    );
    return this.#queue(name, QueueUrl!);
  }

  async #subscribe(topicArn: string, queueArn: string, { topic, queue }: HandlerNames) {
    try {
      await this.connection.call((options) =>
        this.connection.sns.send(
          new SubscribeCommand({
            TopicArn: topicArn,
            Protocol: 'sqs',
            Endpoint: queueArn,
            // Messages as they were published, with their attributes.
            Attributes: { RawMessageDelivery: 'true' },
            ReturnSubscriptionArn: true,
          }),
          options,
        ),
      );
    } catch (error) {
      // It is subscribed, with attributes that a person gave it.
      if (isInvalid(error) && /already exists/i.test((error as Error).message)) return;
      if (!isDenied(error)) throw error;
      this.warnOnce(
        `the role of the service may not subscribe ${queue} to ${topic} (sns:Subscribe): no event arrives unless somebody else did`,
      );
    }
  }

  /** The URL of a queue has the number of the account: `https://sqs.eu-central-1.amazonaws.com/123456789012/name`. */
  #queue(name: string, url: string): Queue {
    const account = new URL(url).pathname.split('/')[1]!;
    this.#account ??= account;
    return { url, arn: arnOf('sqs', { region: this.address.region, account, name }) };
  }
}
