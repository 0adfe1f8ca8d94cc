import { fastify } from 'fastify';
import { ANSWER } from './shop.js';

/** Both subgraphs of the shop. Their answers are ready, so what is measured is the gateway. */
const app = fastify({ logger: true });
const { products } = ANSWER.data;
const ofCatalog = JSON.stringify({
  data: {
    __typename: 'Query',
    products: products.map(({ id, name }) => ({ __typename: 'Product', id, name })),
  },
});
const ofReviews = JSON.stringify({
  data: {
    __typename: 'Query',
    _entities: products.map(({ id, rating, reviews }) => ({
      __typename: 'Product',
      id,
      rating,
      reviews,
    })),
  },
});
app.get('/ready', { logLevel: 'warn' }, () => ({ ready: true }));
let asked = 0;
app.get('/asked', { logLevel: 'warn' }, () => asked);
app.post<{ Body: { query: string } }>('/graphql', (request, reply) => {
  asked++;
  reply.type('application/json; charset=utf-8');
  return request.body.query.includes('_entities') ? ofReviews : ofCatalog;
});
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
