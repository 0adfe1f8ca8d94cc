import {
  getArgumentValues,
  getNamedType,
  getVariableValues,
  GraphQLError,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
  Kind,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

export interface QueryLimits {
  /** How many fields deep a query may be. Default 12. */
  maxDepth?: number;
  /**
   * How many fields an answer may have, as far as the query says: each field counts 1, under each alias, and what is
   * below a list counts for each of its items. Default 5000.
   */
  maxCost?: number;
  /** Of which a query may consist: names, braces and the like. Default 2000. */
  maxTokens?: number;
  /** How many items a list counts for if no argument says it. Default 10. */
  listSize?: number;
}

export const DEFAULT_LIMITS: Required<QueryLimits> = {
  maxDepth: 12,
  maxCost: 5000,
  maxTokens: 2000,
  listSize: 10,
};

/** Arguments that say how many items a list has at most. */
const SIZE_ARGUMENTS: readonly string[] = ['first', 'last', 'limit'];

export interface QuerySize {
  depth: number;
  cost: number;
  /** Whether it would be another one with other variables. */
  variable?: true;
}

export type MeasuredQuery = Pick<
  ExecutionArgs,
  'schema' | 'document' | 'operationName' | 'variableValues'
>;

/**
 * Tells why a query is refused; undefined if it is within the limits. Nothing of it has been executed.
 *
 * An operation that is within them whatever its variables are is measured once, as long as its document is kept. So
 * each schema needs a function of its own.
 */
export function limitQueries(
  limits: Required<QueryLimits>,
): (query: MeasuredQuery) => GraphQLError | undefined {
  const within = new WeakSet<OperationDefinitionNode>();
  return (query) => {
    const operation = findOperation(query.document, query.operationName);
    if (!operation || within.has(operation)) return undefined;
    const size = measureQuery(query, limits.listSize);
    const problem = size && problemOf(size, limits);
    if (size && !size.variable && !problem) within.add(operation);
    return problem;
  };
}

function problemOf(
  { depth, cost }: QuerySize,
  limits: Required<QueryLimits>,
): GraphQLError | undefined {
  if (depth > limits.maxDepth) {
    return refuse(
      'QUERY_TOO_DEEP',
      `the query is ${depth} fields deep; at most ${limits.maxDepth} are allowed`,
    );
  }
  if (cost > limits.maxCost) {
    return refuse(
      'QUERY_TOO_COSTLY',
      `the query may return ${cost} fields; at most ${limits.maxCost} are allowed: ask for fewer fields, or for shorter lists`,
    );
  }
  return undefined;
}

function refuse(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Undefined if the query is not valid: it is refused for that. */
export function measureQuery(
  { schema, document, operationName, variableValues }: MeasuredQuery,
  listSize: number,
): QuerySize | undefined {
  const operation = findOperation(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return undefined;
  const given = { ...variableValues };
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given);
  if (!coerced) return undefined;
  const measure = new Measure(schema, document, coerced, listSize);
  const size = measure.selections(operation.selectionSet, root, listSize);
  return measure.usesVariables ? { ...size, variable: true } : size;
}

function findOperation(
  { definitions }: DocumentNode,
  name: string | null | undefined,
): OperationDefinitionNode | undefined {
  return definitions.find(
    (one): one is OperationDefinitionNode =>
      one.kind === Kind.OPERATION_DEFINITION && (!name || one.name?.value === name),
  );
}

const NOTHING: QuerySize = { depth: 0, cost: 0 };

class Measure {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** A fragment that is used often is measured once: nested ones would take exponential time. */
  readonly #measured = new Map<string, QuerySize>();
  usesVariables = false;

  constructor(
    private readonly schema: GraphQLSchema,
    { definitions }: DocumentNode,
    private readonly variables: Readonly<Record<string, unknown>>,
    private readonly listSize: number,
  ) {
    this.#fragments = new Map(
      definitions.flatMap((one) =>
        one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
      ),
    );
  }

  /** @param listSize how many items lists among the fields have, unless their own arguments say it. */
  selections(
    { selections }: SelectionSetNode,
    type: GraphQLNamedType | undefined,
    listSize: number,
  ): QuerySize {
    let depth = 0;
    let cost = 0;
    for (const selection of selections) {
      let size: QuerySize;
      if (selection.kind === Kind.FIELD) {
        const field = fieldOf(type, selection.name.value);
        size = field ? this.#field(selection, field, listSize) : NOTHING;
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        const inner = condition === undefined ? type : this.schema.getType(condition);
        size = this.selections(selection.selectionSet, inner, listSize);
      } else {
        size = this.#fragment(selection.name.value, listSize);
      }
      depth = Math.max(depth, size.depth);
      cost += size.cost;
    }
    return { depth, cost };
  }

  #field(node: FieldNode, field: GraphQLField<unknown, unknown>, inherited: number): QuerySize {
    const asked = this.#asked(node, field);
    const isList = hasList(field.type);
    const items = isList ? (asked ?? inherited) : 1;
    const named = getNamedType(field.type);
    if (!node.selectionSet || !isCompositeType(named)) return { depth: 1, cost: 1 };
    // Of a page (`orders(first: 5) { edges { … } }`), the argument says how long the list in it is.
    const below = isList ? this.listSize : (asked ?? this.listSize);
    const { depth, cost } = this.selections(node.selectionSet, named, below);
    return { depth: depth + 1, cost: 1 + items * cost };
  }

  /** How many items the field's arguments ask for, or the defaults of these. */
  #asked(node: FieldNode, field: GraphQLField<unknown, unknown>): number | undefined {
    if (!field.args.some(({ name }) => SIZE_ARGUMENTS.includes(name))) return undefined;
    this.usesVariables ||=
      node.arguments?.some(
        ({ name, value }) => SIZE_ARGUMENTS.includes(name.value) && value.kind === Kind.VARIABLE,
      ) ?? false;
    return sizeIn(getArgumentValues(field, node, this.variables));
  }

  #fragment(name: string, listSize: number): QuerySize {
    const key = `${name} ${listSize}`;
    const known = this.#measured.get(key);
    if (known) return known;
    const fragment = this.#fragments.get(name);
    if (!fragment) return NOTHING;
    // A circle is refused by validation.
    this.#measured.set(key, NOTHING);
    const type = this.schema.getType(fragment.typeCondition.name.value);
    const size = this.selections(fragment.selectionSet, type, listSize);
    this.#measured.set(key, size);
    return size;
  }
}

/** None for `__typename` and introspection, which cost no service anything. */
function fieldOf(
  type: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
}

function hasList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

function sizeIn(args: Readonly<Record<string, unknown>>): number | undefined {
  for (const name of SIZE_ARGUMENTS) {
    const value = args[name];
    if (typeof value === 'number') return Math.max(0, value);
  }
  return undefined;
}
