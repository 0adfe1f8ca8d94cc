import { expect, it } from 'vitest';
import { readContract, renderContract } from './contract';
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
  expect(renderContract('order.placed', { fields }))
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
  const text = renderContract('order.placed', { fields });
  expect(readContract('order.placed', text)).toEqual({ fields });
  const formatted = text.replaceAll("'", '"').replaceAll(';', '').replaceAll('  ', '\t');
  expect(readContract('order.placed', formatted)).toEqual({ fields });
});

it('names the field by which events are ordered', () => {
  const text = renderContract('order.placed', { fields, orderBy: 'orderId' });
  expect(text).toContain("  }),\n  { orderBy: 'orderId' },\n);\n");
  expect(readContract('order.placed', text)).toEqual({ fields, orderBy: 'orderId' });
  const formatted = text.replaceAll("'", '"').replaceAll('\n', ' ');
  expect(readContract('order.placed', formatted)).toEqual({ fields, orderBy: 'orderId' });
});

it.each([
  ['another schema', (text: string) => text.replace('z.int()', 'z.int().min(1)')],
  ['other options', (text: string) => text.replace('  }),\n', '  }),\n  { orderBy: key },\n')],
  ['code of its own', (text: string) => `${text}export const more = 1;\n`],
])('is not known with %s', (_, edit) => {
  expect(
    readContract('order.placed', edit(renderContract('order.placed', { fields }))),
  ).toBeUndefined();
});
