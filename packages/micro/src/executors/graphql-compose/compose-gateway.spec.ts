import { composeServices } from '@theguild/federation-composition';
import * as graphql from 'graphql';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Composer } from '../../graphql/compose-supergraph';
import { composeGateway } from '../../graphql/compose-gateway';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])\n';
const CATALOG = `${LINK}
type Query {
  product(id: ID!): Product
}
"A product."
type Product @key(fields: "id") {
  id: ID!
  name: String!
}
`;
const REVIEWS = `${LINK}
type Product @key(fields: "id") {
  id: ID!
  reviews: [String!]
}
`;
const FILES = {
  'apps/gateway/subgraphs.json': JSON.stringify({
    subgraphs: ['catalog', 'reviews'].map((name) => ({
      name,
      schema: `apps/${name}/src/schema.graphql`,
    })),
  }),
  'apps/catalog/src/schema.graphql': CATALOG,
  'apps/reviews/src/schema.graphql': REVIEWS,
};
const OPERATIONS = 'apps/gateway/src/persisted-operations.json';

function compose(changed: Record<string, string | undefined> = {}): string {
  const files: Record<string, string | undefined> = { ...FILES, ...changed };
  const composer = { graphql, composeServices } as unknown as Composer;
  return composeGateway('apps/gateway', (path) => files[path], composer).text;
}

function problemsOf(changed: Record<string, string | undefined>): string {
  try {
    compose(changed);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('the schema of a gateway', () => {
  it('has what its subgraphs have, and no addresses', () => {
    const text = compose();
    expect(text).toMatch(/^# Composed by graphql-compose from catalog, reviews\.\n/);
    expect(text).toContain('REVIEWS @join__graph(name: "reviews", url: "")');
    expect(text).toContain('reviews: [String!] @join__field(graph: REVIEWS)');
  });

  it('is the same, byte for byte, if only a comment changed', () => {
    expect(compose({ 'apps/catalog/src/schema.graphql': `# a comment\n${CATALOG}` })).toBe(
      compose(),
    );
  });

  it.each([
    [
      'a field of two types',
      { 'apps/reviews/src/schema.graphql': REVIEWS.replace('  id: ID!', '  name: Int\n  id: ID!') },
      [
        'apps/reviews/src/schema.graphql:4: Type of field "Product.name" is incompatible across subgraphs',
        '(see also apps/catalog/src/schema.graphql:9)',
        'apps/reviews/src/schema.graphql:4: Non-shareable field "Product.name"',
      ],
    ],
    [
      'a type that does not exist',
      { 'apps/catalog/src/schema.graphql': CATALOG.replace('name: String!', 'name: Text!') },
      ['apps/catalog/src/schema.graphql:9: [catalog] Unknown type Text'],
    ],
    [
      'a key without its field',
      { 'apps/reviews/src/schema.graphql': REVIEWS.replace('  id: ID!\n', '') },
      ['apps/reviews/src/schema.graphql:3: '],
    ],
    [
      'texts that are no schemas, all of them',
      {
        'apps/catalog/src/schema.graphql': 'type Query {\n  a:\n}',
        'apps/reviews/src/schema.graphql': 'tipe Product',
      },
      [
        'apps/catalog/src/schema.graphql:3: Syntax Error',
        'apps/reviews/src/schema.graphql:1: Syntax Error',
      ],
    ],
    [
      'a subscription',
      { 'apps/reviews/src/schema.graphql': `${REVIEWS}type Subscription {\n  a: Int\n}\n` },
      ['apps/reviews/src/schema.graphql:7: a gateway passes on no subscriptions'],
    ],
    [
      'a subscription under another name',
      {
        'apps/reviews/src/schema.graphql': `${REVIEWS}extend schema {\n  subscription: Events\n}\ntype Events {\n  a: Int\n}\n`,
      },
      ['apps/reviews/src/schema.graphql:8: a gateway passes on no subscriptions'],
    ],
    [
      'a file that is missing',
      { 'apps/reviews/src/schema.graphql': undefined },
      ['apps/reviews/src/schema.graphql: is missing: it is the schema of "reviews"'],
    ],
    [
      'no list of subgraphs',
      { 'apps/gateway/subgraphs.json': '{}' },
      ['apps/gateway/subgraphs.json: is missing, or not as nx sync writes it'],
    ],
  ])('is not made of %s', (_what, changed, messages) => {
    const text = problemsOf(changed);
    for (const message of messages) expect(text).toContain(message);
  });
});

describe('persisted operations', () => {
  const operations = (...texts: string[]) => ({
    [OPERATIONS]: JSON.stringify(
      Object.fromEntries(
        texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]),
      ),
      undefined,
      2,
    ),
  });

  it('fit', () => {
    expect(problemsOf(operations('{ product(id: 1) { name reviews } }'))).toBe('');
  });

  it('are told with their lines if a field is gone, or a hash is another', () => {
    const fits = '{ product(id: 1) { name } }';
    expect(problemsOf(operations(fits, '{ product(id: 1) { price } }'))).toBe(
      `${OPERATIONS}:3: Cannot query field "price" on type "Product".`,
    );
    expect(problemsOf({ [OPERATIONS]: `{ "abc": "${fits}" }` })).toContain(
      `${OPERATIONS}:1: the SHA-256 of this operation is `,
    );
    expect(problemsOf({ [OPERATIONS]: '[' })).toContain(`${OPERATIONS}: is not JSON`);
  });
});
