import { randomUUID } from 'node:crypto';
import { Code, createClient, createRouterTransport, type ConnectRouter } from '@connectrpc/connect';
import { serverInterceptor } from '@org/chassis/grpc';
import { InventoryService } from '@org/inventory-proto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Line } from '../stock-store.js';
import { inventoryHandlers } from './handlers.js';

const orderId = randomUUID();
const lines = [{ productId: 'desk', quantity: 2 }];

describe('InventoryService', () => {
  let calls: unknown[];

  const stock = {
    reserve: (id: string, wanted: readonly Line[]) => {
      calls.push(['reserve', id, wanted]);
      return Promise.resolve(
        wanted.map(({ productId }) => productId).filter((id) => id !== 'desk'),
      );
    },
    release: (id: string) => {
      calls.push(['release', id]);
      return Promise.resolve();
    },
  };

  /** Calls the handlers without a network. */
  const client = createClient(
    InventoryService,
    createRouterTransport(
      (router: ConnectRouter) => router.service(InventoryService, inventoryHandlers(stock)),
      { router: { interceptors: [serverInterceptor()] } },
    ),
  );

  beforeEach(() => {
    calls = [];
  });

  it('reserves the lines of an order', async () => {
    const { missingProductIds } = await client.reserve({ orderId, lines });
    expect(missingProductIds).toEqual([]);
    expect(calls).toEqual([['reserve', orderId, lines]]);
  });

  it('names the products of which there are too few', async () => {
    const lamp = { productId: 'lamp', quantity: 1 };
    const { missingProductIds } = await client.reserve({ orderId, lines: [...lines, lamp] });
    expect(missingProductIds).toEqual(['lamp']);
  });

  it('releases an order', async () => {
    await client.release({ orderId });
    expect(calls).toEqual([['release', orderId]]);
  });

  it.each([
    ['no order', { lines }],
    ['no lines', { orderId }],
    ['a quantity of 0', { orderId, lines: [{ productId: 'desk', quantity: 0 }] }],
  ])('refuses to reserve %s', async (_name, request) => {
    await expect(client.reserve(request)).rejects.toMatchObject({ code: Code.InvalidArgument });
    expect(calls).toEqual([]);
  });
});
