import { expect, it } from 'vitest';
import { orderByProblem, parseFields } from './fields';

it('reads the fields that people write, including optional ones', () => {
  expect(parseFields(['orderId:uuid', 'note?:string', 'at: date-time?'])).toEqual({
    fields: [
      { name: 'orderId', type: 'uuid', optional: false },
      { name: 'note', type: 'string', optional: true },
      { name: 'at', type: 'date-time', optional: true },
    ],
    problems: [],
  });
});

it.each([
  ['total', '"total" has no type: write it as name:type, for example "total:int"'],
  ['total:integer', '"integer" is not the type of a field; known are string'],
  ['total:strng', '"strng" is not the type of a field; did you mean "string"?'],
  ['order-id:uuid', '"order-id" cannot be a field\'s name'],
  ['class:string', '"class" cannot be a field\'s name'],
  ['log:string', '"log" cannot be a field\'s name'],
])('refuses %s', (text, message) => {
  expect(parseFields([text]).problems).toEqual([expect.stringContaining(message)]);
});

it.each([
  ['orderId', undefined],
  ['total', undefined],
  ['orderid', '"orderid" is not a field of order.placed; did you mean "orderId"?'],
  ['note', 'order.placed cannot be ordered by "note", which is optional: each event needs a key'],
  ['paid', 'order.placed cannot be ordered by "paid", a boolean: use a field that is a text or'],
])('knows whether events can be ordered by %s', (orderBy, message) => {
  const { fields } = parseFields(['orderId:uuid', 'total:int', 'note?:string', 'paid:boolean']);
  const problem = orderByProblem('order.placed', orderBy, fields);
  if (message === undefined) expect(problem).toBeUndefined();
  else expect(problem).toContain(message);
});

it('refuses a field that is given twice', () => {
  expect(parseFields(['id:uuid', 'id:int']).problems).toEqual(['"id" is given twice: remove one']);
});
