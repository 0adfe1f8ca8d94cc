import { buildSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, limitQueries, measureQuery } from './query-limits.js';

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
    expect(measure(query, { n: 7 })).toEqual({ depth: 2, cost: 8, variable: true });
    expect(measure(query)).toEqual({ depth: 2, cost: 5, variable: true });
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
  const refuse = limitQueries(limits);
  const problem = (query: string) => refuse({ schema, document: parse(query) })?.message;
  expect(problem('{ users { id } }')).toBeUndefined();
  expect(problem('{ users(first: 9) { id } }')).toBeUndefined();
  expect(problem('{ users(first: 10) { id } }')).toBe(
    'the query may return 11 fields; at most 10 are allowed: ask for fewer fields, or for shorter lists',
  );
  expect(problem('{ me { friends(limit: 1) { id } } }')).toBe(
    'the query is 3 fields deep; at most 2 are allowed',
  );
});

describe('an operation of a document that is kept', () => {
  const document = parse(`
    query Sized($n: Int) { users(first: $n) { id } }
    query Fixed($unused: String) { users(first: 4) { id } }
    query Large { users(first: 99) { id } }
  `);
  const refuse = limitQueries({ ...DEFAULT_LIMITS, maxCost: 10 });
  const ask = (operationName: string, variableValues = {}) =>
    refuse({ schema, document, operationName, variableValues })?.extensions.code;

  it('is measured each time if a variable decides how large it is', () => {
    expect(ask('Sized', { n: 4 })).toBeUndefined();
    expect(ask('Sized', { n: 40 })).toBe('QUERY_TOO_COSTLY');
    expect(ask('Sized', { n: 4 })).toBeUndefined();
  });

  it('is refused each time if it is too large, and another one of the same document is not', () => {
    expect(ask('Large')).toBe('QUERY_TOO_COSTLY');
    expect(ask('Fixed')).toBeUndefined();
    expect(ask('Large')).toBe('QUERY_TOO_COSTLY');
    expect(ask('Fixed', { unused: 'x' })).toBeUndefined();
  });

  it('is measured once if no variable matters', () => {
    const refuseFixed = limitQueries(DEFAULT_LIMITS);
    let measured = 0;
    const counting = Object.create(schema, {
      getRootType: { value: (...of: [never]) => (measured++, schema.getRootType(...of)) },
    }) as typeof schema;
    for (const unused of ['a', 'b']) {
      const query = { schema: counting, operationName: 'Fixed', variableValues: { unused } };
      expect(refuseFixed({ ...query, document })).toBeUndefined();
    }
    expect(measured).toBe(1);
  });
});
