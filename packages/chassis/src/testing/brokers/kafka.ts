import {
  Admin,
  Consumer,
  Producer,
  type BaseOptions,
  type RecordsBatch,
} from '@platformatic/kafka';
import { closeClient } from '../../kafka/connection.js';
import { GroupMember, type Assignment } from '../../kafka/group.js';
import { kafka } from '../../kafka/kafka.js';
import { readRecord } from '../../kafka/message.js';
import { replayDeadLetters } from '../../kafka/replay.js';
import { offsetsOf } from '../../kafka/topics.js';
import { DELIVERY_LIMIT, groupName, handlerTopics } from '../../kafka/topology.js';
import { startContainer, type ContainerOptions } from '../container.js';
import { orderPlaced } from '../order-placed.js';
import type { BareBroker, BrokerAdapter } from './adapter.js';

const USER = { username: 'platform', password: 'hunter2' };
const LOGIN = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${USER.username}" password="${USER.password}" user_${USER.username}="${USER.password}";`;

/** What a test and a small platform need of a server. */
const settings = (port: number): Record<string, string | number> => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': '1@127.0.0.1:9093',
  listeners: 'CLIENT://:9092,CONTROLLER://127.0.0.1:9093',
  'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
  'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'CLIENT',
  'sasl.enabled.mechanisms': 'PLAIN',
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'listener.name.client.plain.sasl.jaas.config': LOGIN,
  'log.dirs': '/var/lib/kafka/data',
  'auto.create.topics.enable': 'false',
  'default.replication.factor': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'log.flush.interval.messages': 1,
  'group.consumer.session.timeout.ms': 6000,
  'group.consumer.min.session.timeout.ms': 6000,
  'group.consumer.heartbeat.interval.ms': 1000,
  'group.consumer.min.heartbeat.interval.ms': 1000,
});

const baseOptions = (url: string): BaseOptions => {
  const { hostname, port } = new URL(url);
  return {
    clientId: 'test',
    bootstrapBrokers: [{ host: hostname, port: Number(port) }],
    sasl: { mechanism: 'PLAIN', ...USER },
    retries: 20,
    retryDelay: 100,
  };
};

/** Runs Kafka's own requests, without the chassis. */
export async function withKafka<T>(url: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(baseOptions(url));
  try {
    return await work(admin);
  } finally {
    await closeClient(admin);
  }
}

const groupOf = (service: string) => groupName('events', service, orderPlaced.name);
const topicsOf = (service: string) => handlerTopics('events', service, orderPlaced, 2);

/** How many records are between two offsets of all partitions. */
const between = (from: Map<number, bigint>, to: Map<number, bigint>) =>
  [...to].reduce((sum, [index, end]) => sum + Number(end - (from.get(index) ?? 0n)), 0);

export const kafkaContainer: ContainerOptions = {
  engine: 'kafka',
  port: 9092,
  environment: (port) => ({
    KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m',
    SETTINGS: Object.entries(settings(port))
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
  }),
  command: [
    'bash',
    '-c',
    'printf %s "$SETTINGS" > /tmp/server.properties && /opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id 4L6g3nShT-eMCtK--X86sw --config /tmp/server.properties && exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties',
  ],
  check: ['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/9092'],
};

export const kafkaAdapter: BrokerAdapter = {
  name: 'kafka',
  startServer: () => startContainer(kafkaContainer),
  url: (port) => `kafka://${USER.username}:${USER.password}@127.0.0.1:${port}`,
  connect: kafka,
  replay: replayDeadLetters,
  place: 'group',
  lost: /ECONNREFUSED|ECONNRESET|[Cc]onnection|timed out/,
  dropsDuplicates: false,
  settlesMs: 0,
  survivesKill: true,
  bare: (url): BareBroker => ({
    waiting: (service) =>
      withKafka(url, async (admin) => {
        const { event, replay, retries } = topicsOf(service);
        const existing = await admin.listTopics();
        let count = 0;
        for (const topic of [event, replay, ...retries]) {
          if (!existing.includes(topic)) continue;
          const ends = await offsetsOf(admin, topic, 'next');
          const topics = [{ name: topic, partitionIndexes: [...ends.keys()] }];
          const groups = [{ groupId: groupOf(service), topics }];
          const [answer] = await admin.listConsumerGroupOffsets({ groups });
          const committed = new Map(
            answer!.topics
              .flatMap(({ partitions }) => partitions)
              .filter(({ committedOffset }) => committedOffset >= 0n)
              .map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
          );
          if (topic === event && committed.size < ends.size) {
            throw new Error(`${groupOf(service)} is not there`);
          }
          count += between(committed, ends);
        }
        return count;
      }),
    deadLetters: (service) =>
      withKafka(url, async (admin) => {
        const { dead } = topicsOf(service);
        if (!(await admin.listTopics()).includes(dead)) return 0;
        return between(await offsetsOf(admin, dead, 'first'), await offsetsOf(admin, dead, 'next'));
      }),
    deadLetter: (service) =>
      withKafka(url, async (admin) => {
        const { dead } = topicsOf(service);
        const end = (await offsetsOf(admin, dead, 'next')).get(0)!;
        const reader = new Consumer({ ...baseOptions(url), groupId: 'test' });
        try {
          const { topics } = await reader.metadata({ topics: [dead] });
          const { id, partitions } = topics.get(dead)!;
          const partition = { partition: 0, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
          const { responses } = await reader.fetch({
            node: partitions[0]!.leader,
            topics: [
              {
                topicId: id,
                partitions: [{ ...partition, fetchOffset: end - 1n, partitionMaxBytes: 1e6 }],
              },
            ],
          });
          const batches = responses[0]!.partitions[0]!.records as unknown as RecordsBatch[];
          return readRecord(batches.at(-1)!.records.at(-1)!);
        } finally {
          await closeClient(reader);
        }
      }),
    publish: async (body) => {
      const producer = new Producer(baseOptions(url));
      const topic = topicsOf('any').event;
      await producer.send({ messages: [{ topic, value: Buffer.from(body) }], acks: -1 });
      await closeClient(producer);
    },
    deletePlace: (service) =>
      withKafka(url, (admin) => admin.deleteTopics({ topics: [topicsOf(service).event] })),
    abandon: (service) =>
      withKafka(url, async (admin) => {
        const { event } = topicsOf(service);
        for (let times = 0; times < DELIVERY_LIMIT; times++) {
          const member = new GroupMember(admin, groupOf(service), [event], 10_000);
          let owned: Assignment | undefined;
          while (!owned?.size) owned = (await member.heartbeat(new Map())).assignment;
          const committed = await member.committed(event, [...owned.values()][0]!);
          const ends = await offsetsOf(admin, event, 'next');
          for (const [index, { offset, note }] of committed) {
            if (offset === ends.get(index)) continue;
            const claims = String((Number(note) || 0) + 1);
            await member.commit([{ topic: event, index, offset, note: claims }]);
          }
          await member.leave();
        }
      }),
  }),
};
