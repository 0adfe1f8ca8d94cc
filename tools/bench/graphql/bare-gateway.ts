import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import { fastify } from 'fastify';
import { parse, specifiedRules, validate, type DocumentNode } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/fastify';

/** The library alone, with its own way to ask subgraphs. KEEP_DOCUMENTS: it reads each query once, as ours does. */
const schema = getStitchedSchemaFromSupergraphSdl({
  supergraphSdl: process.env['SUPERGRAPH']!,
  batch: true,
  // Otherwise, the same question of several callers is one request, whoever they are. Here, all ask the same.
  httpExecutorOpts: { deduplicateInflightRequests: false },
});
const documents = new Map<string, DocumentNode>();
const app = fastify({ logger: true });
app.get('/ready', { logLevel: 'warn' }, () => ({ ready: true }));
app.all(
  '/graphql',
  createHandler({
    schema,
    // Without one of its own, a query would get entities that an earlier one asked for, whoever that was, forever.
    context: () => ({}),
    onSubscribe:
      process.env['KEEP_DOCUMENTS'] === undefined
        ? undefined
        : (_request, { query, operationName, variables: variableValues }) => {
            let document = documents.get(query);
            if (!document) {
              document = parse(query);
              const errors = validate(schema, document, specifiedRules);
              if (errors.length > 0) return errors;
              documents.set(query, document);
            }
            return { schema, document, operationName, variableValues };
          },
  }),
);
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
