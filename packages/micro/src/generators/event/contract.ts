import ts from 'typescript';
import { orderByOf } from '../../discovery/contract-order';
import { isSameCode } from '../../discovery/same-code';
import { eventConstant } from '../../platform/event';
import { fieldSchema, parseFields, type Field } from './fields';

/** What a contract says that was generated. */
export interface ContractFacts {
  fields: readonly Field[];
  /** The field by whose value events are handled in order, if they are. */
  orderBy?: string | undefined;
}

/** The module of an event's contract. */
export function renderContract(event: string, { fields, orderBy }: ContractFacts): string {
  return [
    `import { defineEvent } from '@org/chassis/events';`,
    `import * as z from 'zod';`,
    '',
    `export const ${eventConstant(event)} = defineEvent(`,
    `  '${event}',`,
    `  z.object({`,
    ...fields.map((field) => `    ${field.name}: ${fieldSchema(field)},`),
    `  }),`,
    ...(orderBy === undefined ? [] : [`  { orderBy: '${orderBy}' },`]),
    `);`,
    '',
  ].join('\n');
}

/** A contract that is as it was generated, whatever its format; nothing is known of another one. */
export function readContract(event: string, text: string): ContractFacts | undefined {
  const fields = propertiesOf(text).flatMap(({ name, schema }) =>
    CANDIDATES.filter((field) => fieldSchema(field) === schema).map((field) => ({
      ...field,
      name,
    })),
  );
  const facts = { fields, orderBy: orderByOf(event, text) };
  return isSameCode(renderContract(event, facts), text) ? facts : undefined;
}

/** The properties of the first object literal: those of `z.object({ … })`. */
function propertiesOf(text: string): { name: string; schema: string }[] {
  const source = ts.createSourceFile('contract.ts', text, ts.ScriptTarget.Latest, true);
  const find = (node: ts.Node): ts.ObjectLiteralExpression | undefined =>
    ts.isObjectLiteralExpression(node) ? node : ts.forEachChild(node, find);
  return (find(source)?.properties ?? []).flatMap((property) =>
    ts.isPropertyAssignment(property)
      ? [{ name: property.name.getText(source), schema: property.initializer.getText(source) }]
      : [],
  );
}

const CANDIDATES = parseFields([
  ...['s:string', 'i:int', 'n:number', 'b:boolean', 'u:uuid', 'd:date-time'],
  ...['os?:string', 'oi?:int', 'on?:number', 'ob?:boolean', 'ou?:uuid', 'od?:date-time'],
]).fields;
