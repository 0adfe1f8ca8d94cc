/** The folder of the library with the gRPC contract of a service: `packages/inventory-proto`. */
export function protoLibraryRoot(service: string): string {
  return `packages/${protoProject(service)}`;
}

/** The Nx project of the library: `inventory-proto`. */
export function protoProject(service: string): string {
  return `${service}-proto`;
}

/** The names in a contract as it is generated; a person may change them. */
export interface ProtoNames {
  /** `order_items.v1` */
  packageName: string;
  /** `OrderItemsService` */
  serviceName: string;
  /** Relative to the library: `proto/order_items/v1/order_items.proto`. */
  protoFile: string;
  /** Relative to its `src`, without extension: `gen/order_items/v1/order_items_pb`. */
  module: string;
}

export function protoNames(service: string): ProtoNames {
  const name = service.replaceAll('-', '_');
  const pascal = service
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  const path = `${name}/v1/${name}`;
  return {
    packageName: `${name}.v1`,
    serviceName: `${pascal}Service`,
    protoFile: `proto/${path}.proto`,
    module: `gen/${path}_pb`,
  };
}
