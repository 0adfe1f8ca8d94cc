import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  SIMULATED_CREDENTIALS,
  startSimulatedAws,
} from '../../../../../tools/aws/simulated-aws.js';
import { readMessage } from '../../sqs/message.js';
import { replayDeadLetters } from '../../sqs/replay.js';
import { sqs } from '../../sqs/sqs.js';
import { arnOf, DELIVERY_LIMIT, handlerNames } from '../../sqs/topology.js';
import { orderPlaced } from '../order-placed.js';
import type { BareBroker, BrokerAdapter, BrokerServer } from './adapter.js';

const REGION = 'eu-central-1';
const PREFIX = 'test';
/** The only one that moto has. */
const ACCOUNT = '123456789012';

/** moto, which forgets everything when it is killed. */
async function startMoto(): Promise<BrokerServer> {
  let aws = await startSimulatedAws();
  const { port } = aws;
  return {
    port,
    kill: () => aws.stop(),
    start: async () => void (aws = await startSimulatedAws({ port })),
    remove: () => aws.stop(),
  };
}

/** Runs the clients of AWS, without the chassis. */
export async function withAws<T>(
  url: string,
  work: (clients: { queues: SQSClient; topics: SNSClient }) => Promise<T>,
): Promise<T> {
  const endpoint = new URL(url).searchParams.get('endpoint')!;
  const config = { region: REGION, endpoint, useQueueUrlAsEndpoint: false };
  const clients = { queues: new SQSClient(config), topics: new SNSClient(config) };
  try {
    return await work(clients);
  } finally {
    clients.queues.destroy();
    clients.topics.destroy();
  }
}

export const namesOf = (service: string) => handlerNames(PREFIX, service, orderPlaced.name, false);
export const topicArn = arnOf('sns', {
  region: REGION,
  account: ACCOUNT,
  name: namesOf('any').topic,
});

async function urlOf(queues: SQSClient, name: string): Promise<string> {
  return (await queues.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl!;
}

/** Waiting and in hand. */
async function countOf(queues: SQSClient, name: string): Promise<number> {
  const { Attributes = {} } = await queues.send(
    new GetQueueAttributesCommand({
      QueueUrl: await urlOf(queues, name),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

const poll = (url: string) =>
  new ReceiveMessageCommand({
    QueueUrl: url,
    WaitTimeSeconds: 20,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  });

export const sqsAdapter: BrokerAdapter<BrokerServer> = {
  name: 'sqs',
  startServer: startMoto,
  variables: { ...SIMULATED_CREDENTIALS, AWS_CONFIG_FILE: '/dev/null' },
  url: (port) => `sqs://${REGION}/${PREFIX}?endpoint=http://127.0.0.1:${port}`,
  // moto goes on with a call whose caller has closed the connection, and may give it an event.
  connect: (url, options) => sqs(url, { ...options, pollMs: 1000 }),
  replay: replayDeadLetters,
  place: 'queue',
  lost: /ECONNREFUSED|ECONNRESET|socket/,
  dropsDuplicates: false,
  settlesMs: 0,
  survivesKill: false,
  pauseMs: (ms) => Math.ceil(ms / 1000) * 1000,
  bare: (url): BareBroker => ({
    waiting: (service) => withAws(url, ({ queues }) => countOf(queues, namesOf(service).queue)),
    deadLetters: (service) => withAws(url, ({ queues }) => countOf(queues, namesOf(service).dead)),
    deadLetter: (service) =>
      withAws(url, async ({ queues }) => {
        const dead = await urlOf(queues, namesOf(service).dead);
        const { Messages = [] } = await queues.send(poll(dead));
        const { ReceiptHandle } = Messages[0]!;
        await queues.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: dead,
            ReceiptHandle,
            VisibilityTimeout: 0,
          }),
        );
        return readMessage(Messages[0]!);
      }),
    publish: (body) =>
      withAws(url, async ({ topics }) => {
        await topics.send(new PublishCommand({ TopicArn: topicArn, Message: body }));
      }),
    deletePlace: (service) =>
      withAws(url, async ({ queues }) => {
        const QueueUrl = await urlOf(queues, namesOf(service).queue);
        await queues.send(new DeleteQueueCommand({ QueueUrl }));
      }),
    abandon: (service) =>
      withAws(url, async ({ queues }) => {
        const QueueUrl = await urlOf(queues, namesOf(service).queue);
        for (let times = 0; times < DELIVERY_LIMIT;) {
          const { Messages: [message] = [] } = await queues.send(poll(QueueUrl));
          if (!message) continue;
          times = Number(message.Attributes!.ApproximateReceiveCount);
          const { ReceiptHandle } = message;
          const free = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 };
          await queues.send(new ChangeMessageVisibilityCommand(free));
        }
      }),
  }),
};
