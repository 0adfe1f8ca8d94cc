import {
  JetStreamApiError,
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';

/** https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const ALREADY_THERE: ReadonlySet<number> = new Set([
  10058, // a stream with this name and another configuration
  10105, // a consumer with this name and another configuration
  10148, // a consumer with this name
]);

export interface Declarations {
  /** The first is that of the consumers. */
  readonly streams: readonly (Partial<StreamConfig> & { name: string })[];
  readonly consumers: readonly Partial<ConsumerConfig>[];
}

/** Creates what is missing. What is there stays as it is, because a person may have changed it. */
export async function declare(
  manager: JetStreamManager,
  { streams, consumers }: Declarations,
): Promise<void> {
  for (const stream of streams) await unlessThere(manager.streams.add(stream));
  for (const consumer of consumers) {
    await unlessThere(manager.consumers.add(streams[0]!.name, consumer));
  }
}

/** Creates a service's own consumer, or gives it this configuration. */
export async function declareConsumer(
  manager: JetStreamManager,
  stream: string,
  consumer: Partial<ConsumerConfig> & { durable_name: string },
): Promise<ConsumerInfo> {
  const created = await unlessThere(manager.consumers.add(stream, consumer));
  return created ?? manager.consumers.update(stream, consumer.durable_name, consumer);
}

async function unlessThere<T>(creating: Promise<T>): Promise<T | undefined> {
  try {
    return await creating;
  } catch (error) {
    if (error instanceof JetStreamApiError && ALREADY_THERE.has(error.code)) return undefined;
    throw error;
  }
}
