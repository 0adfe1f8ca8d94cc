import { HttpError } from '@org/chassis';
import type { Client } from '@org/chassis/client';
import type { ZodTypeProvider } from '@org/chassis/openapi';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { OrderError, type OrderStore } from '../order-store.js';
import type { PlaceOrder } from '../place-order.js';
import { listProducts } from '../product-list.js';
import type { Resources } from '../resources.js';

const line = z.object({ productId: z.string().max(50), quantity: z.int().min(1).max(100) });
const newOrder = z.object({
  lines: z
    .array(line)
    .min(1)
    .max(50)
    .refine((lines) => new Set(lines.map(({ productId }) => productId)).size === lines.length, {
      error: 'each product stands on one line',
    }),
  card: z.string().min(1).max(100).describe('token of a card, never its number'),
});
const idempotency = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('the same key leads to the same order'),
});
const order = z.object({
  id: z.uuid(),
  status: z.enum(['reserving', 'charging', 'confirmed', 'cancelling', 'cancelled']),
  total: z.int().describe('cents'),
  reason: z.string().nullable().describe('why it was cancelled'),
});
const product = z.object({ id: z.string(), name: z.string(), price: z.int().describe('cents') });
const customer = z.object({ id: z.uuid(), email: z.email() });

interface OrderParts {
  orders: Pick<OrderStore, 'list' | 'find'>;
  place: PlaceOrder;
  users: Client;
  resources: Pick<Resources, 'database' | 'cache'>;
}

export function orderRoutes(
  fastify: FastifyInstance,
  { orders, place, users, resources }: OrderParts,
): void {
  const app = fastify.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/api/orders/products',
    {
      config: { auth: false },
      schema: { response: { 200: z.object({ products: z.array(product) }) } },
    },
    async () => ({ products: await listProducts(resources) }),
  );

  app.post(
    '/api/orders',
    { schema: { headers: idempotency, body: newOrder, response: { 202: order } } },
    async (request, reply) => {
      const placed = await place({
        ...request.body,
        customer: await users.get(`/users/${request.user!.sub!}`, { schema: customer }),
        idempotencyKey: request.headers['idempotency-key'],
      }).catch((error: unknown) => {
        throw error instanceof OrderError ? new HttpError(409, error.message) : error;
      });
      return reply.code(202).header('location', `/api/orders/${placed.id}`).send(placed);
    },
  );

  app.get(
    '/api/orders',
    { schema: { response: { 200: z.object({ orders: z.array(order) }) } } },
    async (request) => ({ orders: await orders.list(request.user!.sub!) }),
  );

  app.get(
    '/api/orders/:id',
    { schema: { params: z.object({ id: z.uuid() }), response: { 200: order } } },
    async (request) => {
      const found = await orders.find(request.user!.sub!, request.params.id);
      if (!found) throw new HttpError(404, 'there is no such order');
      return found;
    },
  );
}
