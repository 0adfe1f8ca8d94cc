import {
  defaultFieldResolver,
  GraphQLError,
  isIntrospectionType,
  isObjectType,
  type GraphQLSchema,
} from 'graphql';

/**
 * Lets errors of subgraphs be found where they are in the answer, indices of lists included, as
 * https://spec.graphql.org/October2021/#sec-Errors says. Stitching gives an error of an entity a path without them
 * (`products.reviews`), and execution keeps a path that an error has.
 */
export function locateErrors(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve = defaultFieldResolver } = field;
      field.resolve = (parent, args, context, info) => {
        const value: unknown = resolve(parent, args, context, info);
        return isPromise(value) ? value.then(withoutPaths, rejectWithoutPath) : withoutPaths(value);
      };
    }
  }
  return schema;
}

function withoutPaths(value: unknown): unknown {
  if (value instanceof Error) return withoutPath(value);
  if (!Array.isArray(value) || !value.some((item) => item instanceof Error)) return value;
  return value.map((item: unknown) => (item instanceof Error ? withoutPath(item) : item));
}

function rejectWithoutPath(error: unknown): never {
  throw error instanceof Error ? withoutPath(error) : error;
}

/** Execution then gives it that of the field. */
function withoutPath(error: Error): Error {
  if (!(error instanceof GraphQLError) || error.path === undefined) return error;
  const { message, extensions, originalError } = error;
  return new GraphQLError(message, { extensions, originalError });
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
