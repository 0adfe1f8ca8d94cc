import { HttpError } from '@org/chassis';
import type { ZodTypeProvider } from '@org/chassis/openapi';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Tokens } from '../tokens.js';
import type { UserStore } from '../user-store.js';

const user = z.object({ id: z.uuid(), email: z.string(), name: z.string() });
const newUser = z.object({
  email: z.email().max(254),
  name: z.string().min(1).max(200),
  password: z.string().min(12).max(200),
});
const credentials = z.object({ email: z.string().max(254), password: z.string().max(200) });
const token = z.object({ token: z.string(), expiresIn: z.int().describe('seconds') });
const keys = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

const PUBLIC = { auth: false };

export function userRoutes(fastify: FastifyInstance, users: UserStore, tokens: Tokens): void {
  const app = fastify.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/api/users',
    { config: PUBLIC, schema: { body: newUser, response: { 201: user } } },
    async (request, reply) => {
      const registered = await users.register(request.body);
      if (!registered) throw new HttpError(409, 'there is a user with this address');
      return reply.code(201).send(registered);
    },
  );

  app.post(
    '/api/users/login',
    { config: PUBLIC, schema: { body: credentials, response: { 200: token } } },
    async (request) => {
      const { email, password } = request.body;
      const known = await users.logIn(email, password);
      if (!known) throw new HttpError(401, 'the address or the password is wrong');
      return tokens.issue(known);
    },
  );

  app.get('/api/users/me', { schema: { response: { 200: user } } }, (request) =>
    findUser(request.user?.sub),
  );

  app.get(
    '/api/users/.well-known/jwks.json',
    { config: PUBLIC, schema: { response: { 200: keys } } },
    () => tokens.publicKeys(),
  );

  // For other services, which call on behalf of a user. No gateway serves this route.
  app.get(
    '/users/:id',
    { schema: { params: z.object({ id: z.uuid() }), response: { 200: user } } },
    (request) => {
      const { id } = request.params;
      if (id !== request.user?.sub) throw new HttpError(404, 'there is no such user');
      return findUser(id);
    },
  );

  async function findUser(id = '') {
    const found = await users.find(id);
    if (!found) throw new HttpError(404, 'there is no such user');
    return found;
  }
}
