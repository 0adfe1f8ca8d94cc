import { expect, it } from 'vitest';
import { readFields, renderContract } from './contract';
import { parseFields } from './fields';

const { fields } = parseFields([
  'orderId:uuid',
  'total:int',
  'weight?:number',
  'paid:boolean',
  'note?:string',
  'at:date-time',
]);

it('says the type of each field', () => {
  expect(renderContract('order.placed', fields))
    .toBe(`import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

export const orderPlaced = defineEvent(
  'order.placed',
  z.object({
    orderId: z.uuid(),
    total: z.int(),
    weight: z.number().optional(),
    paid: z.boolean(),
    note: z.string().optional(),
    at: z.iso.datetime(),
  }),
);
`);
});

it('is the same after writing and reading, in any format', () => {
  const text = renderContract('order.placed', fields);
  expect(readFields('order.placed', text)).toEqual(fields);
  const formatted = text.replaceAll("'", '"').replaceAll(';', '').replaceAll('  ', '\t');
  expect(readFields('order.placed', formatted)).toEqual(fields);
});

it.each([
  ['another schema', (text: string) => text.replace('z.int()', 'z.int().min(1)')],
  ['code of its own', (text: string) => `${text}export const more = 1;\n`],
])('is not known with %s', (_, edit) => {
  expect(readFields('order.placed', edit(renderContract('order.placed', fields)))).toBeUndefined();
});
