import swagger from '@fastify/swagger';
import type { FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { PROBE_ROUTE } from './health.js';

export interface OpenApiOptions {
  /** The title of the document: the service's name. */
  title: string;
  version: string;
}

/**
 * Describes the routes that are registered after it at `GET /openapi.json`, from their zod schemas. The schemas then
 * also validate: an invalid request is a 400, an invalid answer a 500.
 */
export function openapi({ title, version }: OpenApiOptions): FastifyPluginAsync {
  const plugin: FastifyPluginAsync = async (app) => {
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(serializerCompiler);
    await app.register(swagger, {
      openapi: { openapi: '3.1.0', info: { title, version } },
      transform: jsonSchemaTransform,
    });
    app.get('/openapi.json', { ...PROBE_ROUTE, schema: { hide: true } }, () => app.swagger());
  };
  return fp(plugin, { name: '@org/chassis/openapi', fastify: '5.x' });
}
