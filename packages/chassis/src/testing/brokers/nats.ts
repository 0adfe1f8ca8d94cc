import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readMessage } from '../../nats/message.js';
import { nats } from '../../nats/nats.js';
import { replayDeadLetters } from '../../nats/replay.js';
import { consumerName, deadSubject, DELIVERY_LIMIT, eventSubject } from '../../nats/topology.js';
import { startContainer } from '../container.js';
import { orderChanged, orderPlaced } from '../order-placed.js';
import type { BareBroker, BrokerAdapter } from './adapter.js';

const USER = { user: 'platform', pass: 'hunter2' };
const SECOND = 1_000_000_000;

/** Runs NATS's own client, without the chassis. */
export async function withNats<T>(
  url: string,
  work: (manager: JetStreamManager, client: NatsConnection) => Promise<T>,
): Promise<T> {
  const client = await connect({ servers: new URL(url).host, ...USER });
  try {
    return await work(await jetstreamManager(client), client);
  } finally {
    await client.close();
  }
}

const consumerOf = (service: string) => consumerName(service, orderPlaced.name);
const deadOf = (service: string) => deadSubject('events', service, orderPlaced.name);

export const natsAdapter: BrokerAdapter = {
  name: 'nats',
  startServer: () =>
    startContainer({
      engine: 'nats',
      port: 4222,
      environment: {},
      command: [
        ...['nats-server', '--jetstream', '--store_dir', '/data', '--http_port', '8222'],
        ...['--user', USER.user, '--pass', USER.pass],
      ],
      check: ['wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8222/healthz'],
    }),
  url: (port) => `nats://${USER.user}:${USER.pass}@127.0.0.1:${port}`,
  connect: nats,
  replay: replayDeadLetters,
  place: 'consumer',
  lost: /connection .* was lost/,
  dropsDuplicates: true,
  settlesMs: 0,
  survivesKill: true,
  bare: (url): BareBroker => ({
    waiting: (service) =>
      withNats(url, async (manager) => {
        const info = await manager.consumers.info('events', consumerOf(service));
        return info.num_pending + info.num_ack_pending;
      }),
    deadLetters: (service) =>
      withNats(url, async (manager) => {
        const subject = deadOf(service);
        const { state } = await manager.streams.info('events-dead', { subjects_filter: subject });
        return state.subjects?.[subject] ?? 0;
      }),
    deadLetter: (service) =>
      withNats(url, async (manager) => {
        const last = { last_by_subj: deadOf(service) };
        return readMessage((await manager.streams.getMessage('events-dead', last))!);
      }),
    publish: (body) =>
      withNats(url, async (_, client) => {
        await jetstream(client).publish(eventSubject('events', orderPlaced.name), body);
      }),
    deletePlace: (service) =>
      withNats(url, async (manager) => {
        await manager.consumers.delete('events', consumerOf(service));
      }),
    abandon: (service) =>
      withNats(url, async (_, client) => {
        const taken = await jetstream(client).consumers.get('events', consumerOf(service));
        for (let times = 0; times < DELIVERY_LIMIT; times++) {
          const message = await taken.next({ expires: 5000 });
          message!.nak();
        }
        await client.flush();
      }),
    hurry: (service, partition) =>
      withNats(url, async (manager) => {
        const { name } = partition === undefined ? orderPlaced : orderChanged;
        const hurried = consumerName(service, name, partition);
        await manager.consumers.update('events', hurried, { ack_wait: SECOND });
      }),
  }),
};
