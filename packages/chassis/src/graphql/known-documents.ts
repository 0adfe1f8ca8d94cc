import {
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql';

export type KnownDocument =
  | { document: DocumentNode; errors?: undefined }
  | { document?: undefined; errors: readonly GraphQLError[] };

/** Larger ones are read each time. */
const MAX_TEXT = 20_000;

/** Parses and validates the text of a query once, as long as it is among those that were used last. */
export class KnownDocuments {
  /** In the order of their last use. */
  readonly #known = new Map<string, KnownDocument>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly rules: readonly ValidationRule[],
    private readonly limits: { maxTokens?: number; maxDocuments?: number },
  ) {}

  read(text: string): KnownDocument {
    const known = this.#known.get(text) ?? this.#parse(text);
    if (text.length > MAX_TEXT) return known;
    this.#known.delete(text);
    this.#known.set(text, known);
    if (this.#known.size > (this.limits.maxDocuments ?? 1000)) {
      this.#known.delete(this.#known.keys().next().value!);
    }
    return known;
  }

  #parse(text: string): KnownDocument {
    try {
      const { maxTokens } = this.limits;
      const document = parse(text, { maxTokens });
      const errors = validate(this.schema, document, this.rules);
      return errors.length === 0 ? { document } : { errors };
    } catch (error) {
      if (error instanceof GraphQLError) return { errors: [error] };
      throw error;
    }
  }
}
