import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../platform/problem';
import { descriptionSchema, readDescription } from './description';

const read = (text: string) => readDescription('platform.yml', text);
const problemsOf = (text: string) => read(text).problems.map(formatProblem);

describe('a description', () => {
  it('is shown with every key in the documentation', () => {
    const file = 'docs/platform.example.yml';
    const example = readFileSync(join(__dirname, '../../../../..', file), 'utf8');
    expect(readDescription(file, example).problems).toEqual([]);
    const { defaults, services, events } = descriptionSchema.shape;
    const keys = [
      ...Object.keys(descriptionSchema.shape),
      ...Object.keys(defaults.unwrap().shape),
      ...Object.keys(services.valueType.unwrap().shape),
      ...Object.keys(events.unwrap().valueType.shape),
    ];
    for (const key of keys) expect(example).toMatch(new RegExp(`^[^#]*\\b${key}:`, 'm'));
  });

  it('gives every service the defaults that it does not give itself', () => {
    const { description, problems } = read(`defaults: { framework: express, datastores: [postgres] }
services:
  users:
  orders: { framework: fastify, consumes: [users] }
  mailer: { kind: worker, datastores: [] }
`);
    expect(problems).toEqual([]);
    const noEvents = { publishes: [], subscribes: [], overGrpc: [] };
    expect(description?.services).toEqual([
      { name: 'users', framework: 'express', datastores: ['postgres'], ...noEvents },
      {
        name: 'orders',
        framework: 'fastify',
        datastores: ['postgres'],
        consumes: ['users'],
        ...noEvents,
      },
      { name: 'mailer', kind: 'worker', framework: 'express', datastores: [], ...noEvents },
    ]);
  });

  it('gives no default to a kind of service that has no such option', () => {
    const { description } = read(`defaults: { framework: express, openapi: true }
services:
  edge: { kind: gateway }
  mailer: { kind: worker }
`);
    const noEvents = { publishes: [], subscribes: [], overGrpc: [] };
    expect(description?.services).toEqual([
      { name: 'edge', kind: 'gateway', openapi: true, ...noEvents },
      { name: 'mailer', kind: 'worker', framework: 'express', ...noEvents },
    ]);
  });

  it('gives every service its events', () => {
    const { description, problems } = read(`services: { orders: , payments: }
events:
  order.placed: { publisher: orders, subscribers: [payments], fields: { id: uuid, note: string? } }
  order.paid: { publisher: payments, subscribers: [orders, payments] }
  order.lost: { publisher: orders }
`);
    expect(problems).toEqual([]);
    expect(description?.services).toEqual([
      {
        name: 'orders',
        overGrpc: [],
        publishes: ['order.placed', 'order.lost'],
        subscribes: ['order.paid'],
      },
      {
        name: 'payments',
        overGrpc: [],
        publishes: ['order.paid'],
        subscribes: ['order.placed', 'order.paid'],
      },
    ]);
    expect(description?.events[0]).toEqual({
      name: 'order.placed',
      publisher: 'orders',
      subscribers: ['payments'],
      fields: ['id:uuid', 'note:string?'],
    });
  });

  it('knows which links are called over gRPC', () => {
    const { description, problems } = read(`services:
  orders: { consumes: [users, { service: stock, grpc: true }, { service: billing }] }
`);
    expect(problems).toEqual([]);
    expect(description?.services[0]).toMatchObject({
      consumes: ['users', 'stock', 'billing'],
      overGrpc: ['stock'],
    });
  });

  it.each([
    [
      '{ grpc: true }',
      '"services.orders.consumes[0].service" is missing: The service that it calls',
    ],
    ['{ service: stock, grcp: true }', 'unknown key "services.orders.consumes[0].grcp"; did you'],
    ['3', 'services.orders.consumes[0]: is not a link: give the name of a service, or a map such'],
    ['Stock', 'services.orders.consumes[0]: "Stock" cannot be a service\'s name'],
  ])('reports a link that is none: %s', (link, problem) => {
    const problems = problemsOf(`services:\n  orders: { consumes: [${link}] }\n`);
    expect(problems).toEqual([expect.stringContaining(`platform.yml:2: ${problem}`)]);
  });

  it('reports what is wrong with events', () => {
    expect(
      problemsOf(`services: { orders: }
events:
  OrderPlaced: { publisher: orders }
  order.paid: { subscribers: [orders] }
  order.lost:
    publisher: orders
    fields:
      id: uid
      class: string
`),
    ).toEqual([
      'platform.yml:3: events.OrderPlaced: "OrderPlaced" cannot be an event\'s name: say what happened to what, in lower case with a dot, in 100 characters at most, for example "order.placed"',
      'platform.yml:4: "events.order.paid.publisher" is missing: The service that publishes it',
      'platform.yml:8: events.order.lost.fields.id: "uid" is not the type of a field; did you mean "uuid"?',
      'platform.yml:9: events.order.lost.fields.class: "class" cannot be a field\'s name: use letters and digits, such as "orderId", and no word of JavaScript',
    ]);
  });

  it('names all that is wrong with it, each with its line', () => {
    expect(
      problemsOf(`default: { framework: express }
services:
  Users: {}
  orders: { consume: [users], port: 80 }
  billing: { datastores: [postgress, mysql, mariadb], kind: services }
  mailer: [worker]
`),
    ).toEqual([
      'platform.yml:3: services.Users: "Users" cannot be a service\'s name: use lower-case letters, digits and single hyphens, starting with a letter, 63 at most, for example "users"',
      'platform.yml:4: services.orders.port: 80 is not between 1024 and 65535',
      'platform.yml:4: unknown key "services.orders.consume"; did you mean "consumes"?',
      'platform.yml:5: services.billing.kind: "services" is not one of service, gateway, worker; did you mean "service"?',
      'platform.yml:5: services.billing.datastores: "postgress" is not a datastore; did you mean "postgres"?',
      'platform.yml:5: services.billing.datastores: A service has one database: choose mysql or mariadb',
      'platform.yml:6: services.mailer: a list is not a map of keys',
      'platform.yml:1: unknown key "default"; did you mean "defaults"?',
    ]);
  });

  it.each([
    ['', 'platform.yml:1: "services" is missing: The services by name'],
    ['services:\n', 'platform.yml:1: services: has no value: give it a map of keys, or remove it'],
    ['services: [users]\n', 'platform.yml:1: services: a list is not a map of keys'],
    ['services: {\n', 'platform.yml:2: not valid YAML'],
    ['- users\n', 'platform.yml:1: the file holds a list'],
    [
      'services:\n  users:\n  users:\n',
      'platform.yml:2: not valid YAML: this key is already given',
    ],
  ])('%j: reports what is wrong with it', (text, problem) => {
    const [first, ...others] = problemsOf(text);
    expect(first).toContain(problem);
    expect(others).toEqual([]);
  });
});
