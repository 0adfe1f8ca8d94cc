import { expect, it } from 'vitest';
import { consumerTopology, eventExchange } from '../../../chassis/src/rabbitmq/topology';
import { platformOf } from '../testing/platform';
import { brokerAccountScript, brokerDefinitions } from './broker-rights';

const platform = platformOf({
  orders:
    'port: 3001\nbroker: rabbitmq\npublishes: [order.placed, order.cancelled]\nsubscribes: [order.paid]',
  'orders-archive': 'port: 3002\nbroker: rabbitmq\nsubscribes: [order.placed]',
  billing: 'port: 3003\nbroker: rabbitmq\npublishes: [order.paid]\nsubscribes: [order.placed]',
  legacy: 'port: 3004\nbroker: rabbitmq',
});
const definitionsOf = (name: string, ordered: readonly string[] = []) =>
  brokerDefinitions(
    platform,
    platform.services.find((service) => service.name === name)!,
    (event) => ordered.includes(event),
  );

interface Rights {
  configure: string;
  write: string;
  read: string;
}

it('lets a service use its own queues and the exchange of events, and nothing else', () => {
  const [rights] = definitionsOf('orders')['permissions'] as unknown as Rights[];
  const may = (right: keyof Rights, name: string) => new RegExp(rights![right]).test(name);
  for (const own of [
    'orders:order.paid',
    'orders:order.paid:dead',
    'orders:retry:1000',
    'events',
  ]) {
    expect([may('configure', own), may('write', own), may('read', own)]).toEqual([
      true,
      true,
      true,
    ]);
  }
  for (const other of [
    'billing:order.placed',
    'orders-archive:order.placed',
    'events2',
    'amq.topic',
  ]) {
    const all = [may('configure', other), may('write', other), may('read', other)];
    expect(all).toEqual([false, false, false]);
  }
  // Its dead letters go through the broker's own exchange.
  expect([may('write', 'amq.default'), may('configure', 'amq.default')]).toEqual([true, false]);
});

it('lets a service publish and bind only the events of its manifest', () => {
  const [rights] = definitionsOf('orders')['topic_permissions'] as unknown as Rights[];
  const may = (right: 'read' | 'write', event: string) => new RegExp(rights![right]).test(event);
  expect(may('write', 'order.placed')).toBe(true);
  // A partition of an event with an order.
  expect(may('write', 'order.placed:7')).toBe(true);
  expect(may('write', 'order.placed:x')).toBe(false);
  expect(may('write', 'order-placed')).toBe(false);
  expect(may('write', 'order.paid')).toBe(false);
  expect(may('read', 'order.paid')).toBe(true);
  expect(may('read', 'order.placed')).toBe(false);
  expect(definitionsOf('orders-archive')['topic_permissions']).toMatchObject([{ write: '^$' }]);
  expect(definitionsOf('legacy')['topic_permissions']).toEqual([]);
});

it.each([
  ['without an order', {}],
  ['with one', { orderBy: 'orderId' }],
])('declares the queues of subscribers like the chassis does, %s', (_, order) => {
  const ordered = 'orderBy' in order ? ['order.placed'] : [];
  const { exchanges, queues, bindings } = definitionsOf('orders', ordered);
  const subscribers = ['billing', 'orders-archive'];
  const topologies = subscribers.map((name) =>
    consumerTopology('events', name, { name: 'order.placed', ...order }),
  );
  const declared = topologies.flatMap((topology) => [...topology.queues]);
  expect(
    queues!.map(({ name, durable, arguments: given }) => ({
      queue: name,
      durable,
      arguments: given,
    })),
  ).toEqual(declared);
  expect(
    bindings!.map(({ source, destination, routing_key }) => ({
      exchange: source,
      queue: destination,
      routingKey: routing_key,
    })),
  ).toEqual(topologies.flatMap((topology) => [...topology.bindings]));
  expect(exchanges!.map(({ name, type, durable }) => ({ exchange: name, type, durable }))).toEqual(
    eventExchange('events').exchanges,
  );
});

it('makes a script in which the definitions are JSON, and no password', () => {
  const script = brokerAccountScript(definitionsOf('orders'), 'broker');
  const json = /<<'JSON'\n([^]*)\nJSON\n/.exec(script)![1]!;
  expect(JSON.parse(`{${json}`)).toEqual(definitionsOf('orders'));
  expect(script).toContain('--node rabbit@broker');
});
