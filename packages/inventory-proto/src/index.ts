export * from './gen/inventory/v1/inventory_pb.js';
