import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import {
  ReserveRequestSchema,
  ReserveResponseSchema,
  type ReserveRequest,
  type ReserveResponse,
} from '@org/inventory-proto';
import { runCalls } from './load.js';

const PATH = '/inventory.v1.InventoryService/Reserve';

/** grpc-js alone, with the messages of the others, so that only what sends them differs. */
void runCalls((url) => {
  const client = new Client(new URL(url).host, credentials.createInsecure());
  const serialize = (order: ReserveRequest) => Buffer.from(toBinary(ReserveRequestSchema, order));
  const deserialize = (bytes: Buffer) => fromBinary(ReserveResponseSchema, bytes);
  return {
    reserve: (order) =>
      new Promise<ReserveResponse>((resolve, reject) => {
        const request = create(ReserveRequestSchema, order);
        client.makeUnaryRequest(PATH, serialize, deserialize, request, (error, response) => {
          if (response) resolve(response);
          else reject(error ?? new Error('neither an answer nor an error'));
        });
      }),
    close: () => client.close(),
  };
});
