import { expect, it } from 'vitest';
import { parseFields } from './fields';

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

it('refuses a field that is given twice', () => {
  expect(parseFields(['id:uuid', 'id:int']).problems).toEqual(['"id" is given twice: remove one']);
});
