import { randomUUID } from 'node:crypto';

export interface Order {
  id: string;
  status: 'reserving' | 'charging' | 'confirmed' | 'cancelling' | 'cancelled';
  total: number;
  reason: string | null;
}

/** An order as it was accepted. */
export interface AcceptedOrder extends Order {
  /** By which all services log the request. A proxy in front may replace the one that was sent, as Envoy does. */
  requestId: string;
}

export interface OrderRequest {
  productId?: string;
  card?: string;
  requestId?: string;
  /** The same idempotency key gives the same order. */
  idempotencyKey?: string;
}

/** The answer of `/api/me`. A part that failed is null, and has an error. */
export interface Overview {
  data: {
    user: { email: string };
    orders: { orders: Order[] } | null;
    products: { products: { id: string }[] } | null;
  };
  errors: Record<string, { statusCode: number; message: string; service: string }>;
}

/** What the gateway answers over GraphQL. What a service could not say is null, and has an error. */
export interface ShopFront {
  data: {
    products: { id: string; price: number; available: number | null }[] | null;
    orders: { status: Order['status'] }[] | null;
  };
  errors?: { message: string; extensions: { service: string } }[];
}

/** A customer who shops through the gateway. */
export interface Customer {
  /** Rejects if the order is not accepted. */
  placeOrder(request?: OrderRequest): Promise<AcceptedOrder>;
  order(id: string): Promise<Order>;
  /** The aggregate of the gateway: who the customer is, with the orders and the products. */
  overview(): Promise<Overview>;
  /** One GraphQL query: the products of orders with the stock of inventory, and the customer's orders. */
  shopFront(): Promise<ShopFront>;
  /** The order when it is decided: confirmed or cancelled. */
  settled(id: string, withinMs?: number): Promise<Order>;
}

/** Registers and logs in, as a person would. */
export async function newCustomer(gateway: string): Promise<Customer> {
  const email = `ada-${randomUUID()}@example.com`;
  const password = randomUUID();
  await call(`${gateway}/api/users`, { json: { email, password, name: 'Ada' } });
  const login = await call(`${gateway}/api/users/login`, { json: { email, password } });
  const authorization = `Bearer ${(login as { token: string }).token}`;

  const order = async (id: string) =>
    (await call(`${gateway}/api/orders/${id}`, { headers: { authorization } })) as Order;

  return {
    order,
    overview: async () =>
      (await call(`${gateway}/api/me`, { headers: { authorization } })) as Overview,
    shopFront: async () => {
      const json = { query: '{ products { id price available } orders { status } }' };
      return (await call(`${gateway}/graphql`, { headers: { authorization }, json })) as ShopFront;
    },
    placeOrder: async ({ productId = 'desk', card = 'card_ok', ...options } = {}) => {
      const { requestId, idempotencyKey } = options;
      const headers = {
        authorization,
        ...(requestId && { 'x-request-id': requestId }),
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      };
      const json = { card, lines: [{ productId, quantity: 1 }] };
      const answer = await request(`${gateway}/api/orders`, { headers, json });
      const order = (await answer.json()) as Order;
      return { ...order, requestId: answer.headers.get('x-request-id')! };
    },
    settled: async (id, withinMs = 30_000) => {
      const end = performance.now() + withinMs;
      for (;;) {
        const found = await order(id);
        if (found.status === 'confirmed' || found.status === 'cancelled') return found;
        if (performance.now() > end) throw new Error(`order ${id} is ${found.status} still`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

interface Call {
  headers?: Record<string, string>;
  json?: unknown;
}

/** What `request` answers. */
async function call(url: string, how: Call): Promise<unknown> {
  return (await request(url, how)).json();
}

/** GET, or POST with JSON. @throws with the text of the answer if it is not a 2xx. */
async function request(url: string, { headers = {}, json }: Call): Promise<Response> {
  const response = await fetch(url, {
    method: json === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(json !== undefined && { 'content-type': 'application/json' }) },
    body: json === undefined ? undefined : JSON.stringify(json),
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }
  return response;
}
