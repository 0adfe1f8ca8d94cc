export type { ZodTypeProvider } from 'fastify-type-provider-zod';
export { openapi, type OpenApiOptions } from './service/openapi.js';
