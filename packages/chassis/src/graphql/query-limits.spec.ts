import { buildSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, measureQuery, queryProblem } from './query-limits.js';

const schema = buildSchema(`
  type Query { me: User users(first: Int = 3): [User!]! page(last: Int): Page search: [Found] }
  type User { id: ID! name: String friends(limit: Int): [User!] }
  type Page { edges: [Edge!]! total: Int }
  type Edge { node: User }
  union Found = User | Page
`);

function measure(query: string, variableValues = {}) {
  return measureQuery({ schema, document: parse(query), variableValues }, 10);
}

describe('the size of a query', () => {
  it.each([
    ['each field', '{ me { id name } }', { depth: 2, cost: 3 }],
    ['each alias', '{ a: me { id } b: me { id } }', { depth: 2, cost: 4 }],
    ['10 items of a list', '{ me { friends { id } } }', { depth: 3, cost: 12 }],
    ['items by an argument', '{ me { friends(limit: 2) { id } } }', { depth: 3, cost: 4 }],
    ['items by the default of an argument', '{ users { id } }', { depth: 2, cost: 4 }],
    ['lists in lists', '{ users(first: 5) { friends { id } } }', { depth: 3, cost: 56 }],
    ['the list of a page', '{ page(last: 4) { edges { node { id } } } }', { depth: 4, cost: 10 }],
    [
      'all types of a union',
      '{ search { ... on User { id } ... on Page { total } } }',
      { depth: 2, cost: 21 },
    ],
    [
      'what is behind fragments',
      '{ me { ...f } } fragment f on User { friends { id } }',
      { depth: 3, cost: 12 },
    ],
    [
      'not __typename',
      '{ __typename me { __typename } __schema { types { name } } }',
      { depth: 1, cost: 1 },
    ],
    ['no negative lists', '{ users(first: -5) { id } }', { depth: 2, cost: 1 }],
  ])('counts %s', (_what, query, size) => {
    expect(measure(query)).toEqual(size);
  });

  it('counts items by a variable, or by its default', () => {
    const query = 'query ($n: Int = 4) { users(first: $n) { id } }';
    expect(measure(query, { n: 7 })).toEqual({ depth: 2, cost: 8 });
    expect(measure(query)).toEqual({ depth: 2, cost: 5 });
  });

  it('counts the operation that is asked for', () => {
    const document = parse('query A { me { id } } query B { users { id name } }');
    expect(measureQuery({ schema, document, operationName: 'B' }, 10)).toEqual({
      depth: 2,
      cost: 7,
    });
  });

  it('is found at once if each of 100 fragments spreads the next one twice', () => {
    const chain = Array.from(
      { length: 100 },
      (_, index) => `fragment f${index} on User { ...f${index + 1} ...f${index + 1} }`,
    );
    const query = `{ me { ...f0 } } ${chain.join('\n')} fragment f100 on User { id }`;
    const started = performance.now();
    expect(measure(query)?.cost).toBeGreaterThan(1e30);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('is left to validation if variables are wrong', () => {
    expect(measure('query ($n: Int!) { users(first: $n) { id } }')).toBeUndefined();
  });
});

it('is within limits or not', () => {
  const limits = { ...DEFAULT_LIMITS, maxDepth: 2, maxCost: 10 };
  const problem = (query: string) =>
    queryProblem({ schema, document: parse(query) }, limits)?.message;
  expect(problem('{ users { id } }')).toBeUndefined();
  expect(problem('{ users(first: 9) { id } }')).toBeUndefined();
  expect(problem('{ users(first: 10) { id } }')).toBe(
    'the query may return 11 fields; at most 10 are allowed: ask for fewer fields, or for shorter lists',
  );
  expect(problem('{ me { friends(limit: 1) { id } } }')).toBe(
    'the query is 3 fields deep; at most 2 are allowed',
  );
});
