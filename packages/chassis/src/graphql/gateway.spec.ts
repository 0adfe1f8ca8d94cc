import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jwt } from '../auth.js';
import { graphqlGateway } from '../graphql-gateway.js';
import {
  ask,
  startCatalog,
  startGraphqlGateway,
  startReviews,
  SUPERGRAPH,
  type Running,
} from '../testing/shop-graph.js';

interface Asked {
  service: string;
  headers: Record<string, unknown>;
  query: string;
}

const BOTH = '{ products { name reviews { text product { name } } } latestReviews { text } }';

describe('a gateway of two subgraphs', () => {
  let catalog: Running;
  let reviews: Running;
  let gateway: Running;
  let asked: Asked[];

  beforeEach(async () => {
    asked = [];
    const note = (service: string) => (app: Running['service']['app']) => {
      app.addHook('preHandler', (request, _reply, done) => {
        const { query } = request.body as { query: string };
        asked.push({ service, headers: request.headers, query });
        done();
      });
    };
    catalog = await startCatalog(note('catalog'));
    reviews = await startReviews(note('reviews'));
    gateway = await startGraphqlGateway({
      subgraphs: [
        { name: 'catalog', url: catalog.url, serviceKey: 'key-of-the-link' },
        { name: 'reviews', url: reviews.url },
      ],
      retries: 0,
      timeoutMs: 1000,
    });
  });

  afterEach(() => Promise.all([gateway, reviews, catalog].map(({ service }) => service.stop())));

  it('answers one query from both, with one call for all entities of a level', async () => {
    const answer = await ask(gateway, BOTH);
    expect(answer).toEqual({
      status: 200,
      data: {
        products: ['tea', 'cup', 'pot'].map((name, index) => ({
          name,
          reviews: [{ text: `review of ${index + 1}`, product: { name } }],
        })),
        latestReviews: [{ text: 'review of 2' }, { text: 'review of 3' }],
      },
    });
    const calls = asked.map(({ service, query }) => `${service} ${/_entities/.test(query)}`);
    expect(calls.sort()).toEqual([
      'catalog false',
      'catalog true',
      'reviews false',
      'reviews true',
    ]);
  });

  it('passes on what a route passes on, and the key of the link', async () => {
    const headers = {
      authorization: 'Bearer of-the-caller',
      'x-request-id': 'abc',
      'x-service-key': 'forged',
      'x-user-id': 'forged',
      'x-deadline-ms': '1',
    };
    await ask(gateway, '{ products { name } latestReviews { text } }', headers);
    const [ofCatalog, ofReviews] = asked
      .sort((a, b) => a.service.localeCompare(b.service))
      .map((one) => one.headers);
    expect(ofCatalog).toMatchObject({
      authorization: 'Bearer of-the-caller',
      'x-request-id': 'abc',
      'x-service-key': 'key-of-the-link',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(ofReviews).not.toHaveProperty('x-service-key');
    expect(ofCatalog).not.toHaveProperty('x-user-id');
    // Its own: a header from outside shortens nothing.
    expect(Number(ofCatalog?.['x-deadline-ms'])).toBeGreaterThan(500);
  });

  it('answers what is left if a subgraph is down, and names it at each place', async () => {
    await reviews.service.stop();
    const answer = await ask(gateway, '{ products(first: 2) { name reviews { text } } }');
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({
      products: [
        { name: 'tea', reviews: null },
        { name: 'cup', reviews: null },
      ],
    });
    expect(answer.errors).toHaveLength(2);
    expect(answer.errors).toMatchObject(
      [0, 1].map((index) => ({
        message: 'reviews cannot be reached',
        path: ['products', index, 'reviews'],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'reviews', statusCode: 503 },
      })),
    );
    expect(JSON.stringify(answer)).not.toContain(reviews.url);
    expect(gateway.lines).toContainEqual(
      expect.objectContaining({ level: 'error', provider: 'reviews' }),
    );
  });

  it('tells errors of a resolver as far as a caller may know them', async () => {
    const answer = await ask(gateway, '{ product(id: "9") { name } fails latestReviews { text } }');
    expect(answer.data).toMatchObject({ product: null, fails: null });
    expect(answer.data?.latestReviews).toHaveLength(2);
    expect(answer.errors).toMatchObject([
      {
        message: 'product 9 does not exist',
        path: ['product'],
        extensions: { code: 'NOT_FOUND', statusCode: 404, service: 'catalog' },
      },
      {
        message: 'Internal Server Error',
        path: ['fails'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', service: 'catalog' },
      },
    ]);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expect(JSON.stringify(catalog.lines)).toContain('hunter2');
  });

  it('sends a mutation once, and never says that it may be repeated', async () => {
    const query = 'mutation { rename(id: "1", name: "mug") { name reviews { text } } }';
    const answer = await ask(gateway, query);
    expect(answer.data).toEqual({
      rename: { name: 'mug', reviews: [{ text: 'review of 1' }] },
    });
    const [first, second] = asked;
    expect(first?.headers).not.toHaveProperty('idempotency-key');
    expect(second?.headers).toHaveProperty('idempotency-key');
  });

  it('refuses before any service is asked', async () => {
    const refused = async (query: string) => (await ask(gateway, query)).errors?.[0];
    expect(await refused('{ products { price } }')).toMatchObject({
      message: 'Cannot query field "price" on type "Product".',
    });
    expect(await refused('{ __schema { types { name } } }')).toMatchObject({
      message: expect.stringContaining('introspection') as string,
    });
    const many = Array.from({ length: 600 }, (_, index) => `a${index}: products { name }`);
    expect(await refused(`{ ${many.join(' ')} }`)).toMatchObject({
      message: expect.stringContaining('tokens') as string,
    });
    const deep = 'reviews { product { '.repeat(7) + 'name' + ' } }'.repeat(7);
    const tooDeep = await ask(gateway, `{ product(id: 1) { ${deep} } }`);
    expect(tooDeep.status).toBe(200);
    expect(tooDeep.errors).toEqual([
      {
        message: 'the query is 16 fields deep; at most 12 are allowed',
        extensions: { code: 'QUERY_TOO_DEEP' },
      },
    ]);
    const costly = await ask(gateway, {
      query: 'query ($n: Int) { products(first: $n) { name } }',
      variables: { n: 5000 },
    });
    expect(costly).toMatchObject({
      errors: [{ extensions: { code: 'QUERY_TOO_COSTLY' } }],
    });
    expect(asked).toEqual([]);
  });

  it('is asked with JSON by POST only, and shows no page', async () => {
    const url = `${gateway.url}/graphql`;
    const text = await fetch(url, { method: 'POST', body: '{"query":"{__typename}"}' });
    expect(text.status).toBe(415);
    const form = await fetch(url, { method: 'POST', body: new URLSearchParams({ query: '{a}' }) });
    expect(form.status).toBe(415);
    expect((await fetch(`${url}?query={__typename}`)).status).toBe(404);
  });
});

describe('a gateway', () => {
  const running: Running[] = [];
  afterEach(() => Promise.all(running.splice(0).map(({ service }) => service.stop())));
  const start = async (...given: Parameters<typeof startGraphqlGateway>) => {
    const gateway = await startGraphqlGateway(...given);
    running.push(gateway);
    return gateway;
  };
  const nowhere = ['catalog', 'reviews'].map((name) => ({ name, url: 'http://127.0.0.1:9' }));

  it('names a subgraph that does not answer in time', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const subgraphs = [{ name: 'catalog', url }, nowhere[1]!];
    const gateway = await start({ subgraphs, timeoutMs: 100, retries: 0 });
    const { data, errors } = await ask(gateway, '{ fails }');
    silent.closeAllConnections();
    silent.close();
    expect(data).toEqual({ fails: null });
    expect(errors).toMatchObject([
      {
        message: 'catalog did not answer in time',
        extensions: { code: 'SUBGRAPH_TIMEOUT', service: 'catalog' },
      },
    ]);
  });

  it('tells what the schema consists of in development', async () => {
    const gateway = await start({ subgraphs: nowhere, development: true });
    const { data } = await ask(gateway, '{ __schema { queryType { name } } }');
    expect(data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  });

  it('asks for a token as all routes do', async () => {
    const gateway = await start({ subgraphs: nowhere }, async (app) => {
      const secret = 'a secret with at least 32 bytes!';
      await app.register(
        jwt({ secret, issuer: 'test', audience: 'gateway', algorithms: ['HS256'] }),
      );
    });
    const { status, errors } = await ask(gateway, '{ __typename }');
    expect({ status, errors }).toEqual({ status: 401, errors: undefined });
  });

  it('is not made if a subgraph has no address, or the supergraph is none', () => {
    expect(() => graphqlGateway({ supergraph: SUPERGRAPH, subgraphs: [nowhere[0]!] })).toThrow(
      'supergraph.graphql has "reviews", whose address is not given: run graphql-compose again',
    );
    expect(() => graphqlGateway({ supergraph: 'type A { b: C }', subgraphs: [] })).toThrow(
      'supergraph.graphql is not a supergraph',
    );
  });
});
