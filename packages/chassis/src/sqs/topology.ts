/** How soon another replica gets an event if the process that handles it is killed. */
export const ABANDONED_MS = 15_000;
/** How often a running handler says that it still runs. */
export const WORKING_MS = ABANDONED_MS / 3;

/**
 * How often an event is delivered if each time the process ends before it is done. After that, the event becomes a dead
 * letter without being handled, because it may be what ends the process.
 */
export const DELIVERY_LIMIT = 20;

/** The longest that an event can be invisible: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const MAX_PAUSE_MS = 12 * 60 * 60 * 1000;

/** Of a message with its attributes, for SQS, and for SNS if the topic says so. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** SQS keeps nothing for longer. */
const RETENTION_SECONDS = 14 * 24 * 60 * 60;
/**
 * SQS itself moves what was received as often, without a reason: what no consumer could move. It is the most that SQS
 * allows, because a consumer moves an event long before.
 */
const MAX_RECEIVE_COUNT = 1000;
const MAX_QUEUE_NAME_LENGTH = 80;

/** The names of one handler: of one service, for one event. The replicas of the service share them. */
export interface HandlerNames {
  readonly topic: string;
  readonly queue: string;
  readonly dead: string;
}

/** Names have no dots. Those of events have no underscores, so two events never have the same topic. */
export function topicName(prefix: string, event: string, isOrdered: boolean): string {
  return `${prefix}_${event.replaceAll('.', '_')}${isOrdered ? '.fifo' : ''}`;
}

/**
 * The names of services and prefixes have no underscores either, and no word of an event is empty, so the names of two
 * queues never collide.
 *
 * @throws {TypeError} if a name is longer than SQS allows.
 */
export function handlerNames(
  prefix: string,
  service: string,
  event: string,
  isOrdered: boolean,
): HandlerNames {
  const base = `${prefix}_${service}_${event.replaceAll('.', '_')}`;
  const suffix = isOrdered ? '.fifo' : '';
  const dead = `${base}__dead${suffix}`;
  if (dead.length > MAX_QUEUE_NAME_LENGTH) {
    throw new TypeError(
      `the name of the queue ${dead} has ${dead.length} characters, and SQS allows ${MAX_QUEUE_NAME_LENGTH}: use a shorter prefix in the URL of the broker, or a shorter name of the event`,
    );
  }
  return { topic: topicName(prefix, event, isOrdered), queue: `${base}${suffix}`, dead };
}

export function topicAttributes(isOrdered: boolean): Record<string, string> {
  return {
    MaximumMessageSize: String(MAX_MESSAGE_BYTES),
    ...(isOrdered ? { FifoTopic: 'true' } : {}),
  };
}

export function deadQueueAttributes(isOrdered: boolean): Record<string, string> {
  return {
    MessageRetentionPeriod: String(RETENTION_SECONDS),
    VisibilityTimeout: String(ABANDONED_MS / 1000),
    // Each key has a throughput of its own, instead of 300 calls a second for all.
    ...(isOrdered
      ? {
          FifoQueue: 'true',
          DeduplicationScope: 'messageGroup',
          FifoThroughputLimit: 'perMessageGroupId',
        }
      : {}),
  };
}

export function queueAttributes(
  isOrdered: boolean,
  topicArn: string,
  queueArn: string,
  deadArn: string,
): Record<string, string> {
  return {
    ...deadQueueAttributes(isOrdered),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: deadArn,
      maxReceiveCount: MAX_RECEIVE_COUNT,
    }),
    Policy: JSON.stringify(deliveryPolicy(topicArn, queueArn)),
  };
}

/** Lets one topic send to a queue. Roles of services have their own rights. */
function deliveryPolicy(topicArn: string, queueArn: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
      },
    ],
  };
}

/** China and the parts of AWS for governments have names of their own in ARNs. */
export function arnOf(
  service: 'sns' | 'sqs',
  { region, account, name }: { region: string; account: string; name: string },
): string {
  const partition = region.startsWith('cn-')
    ? 'aws-cn'
    : region.startsWith('us-gov-')
      ? 'aws-us-gov'
      : 'aws';
  return ['arn', partition, service, region, account, name].join(':');
}
