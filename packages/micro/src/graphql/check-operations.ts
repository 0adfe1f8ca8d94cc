import { createHash } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import type { Problem } from '../platform/problem';
import type { Composer } from './compose-supergraph';

/**
 * Why persisted operations cannot be answered: a hash that is another, or a field that no subgraph has any more.
 *
 * @param text a JSON object: the texts of operations by their SHA-256 in hexadecimal.
 */
export function checkOperations(
  file: string,
  text: string,
  schema: GraphQLSchema,
  { parse, validate }: Pick<Composer['graphql'], 'parse' | 'validate'>,
): Problem[] {
  let operations: unknown;
  try {
    operations = JSON.parse(text);
  } catch (error) {
    return [{ file, message: `is not JSON: ${(error as Error).message}` }];
  }
  if (typeof operations !== 'object' || operations === null || Array.isArray(operations)) {
    return [{ file, message: 'is not an object of operations by their SHA-256' }];
  }
  const lines = text.split('\n');
  return Object.entries(operations as Record<string, unknown>).flatMap(([hash, operation]) => {
    const line = lines.findIndex((one) => one.includes(JSON.stringify(hash))) + 1;
    const at = { file, ...(line > 0 && { line }) };
    if (typeof operation !== 'string') return [{ ...at, message: `"${hash}" is not a text` }];
    const actual = createHash('sha256').update(operation).digest('hex');
    if (actual !== hash) return [{ ...at, message: `the SHA-256 of this operation is ${actual}` }];
    try {
      return validate(schema, parse(operation)).map(({ message }) => ({ ...at, message }));
    } catch (error) {
      return [{ ...at, message: (error as Error).message }];
    }
  });
}
