import { serviceVariables } from '../service/config.js';

/** The variables of a service that speaks gRPC, for its configuration. */
export const grpcVariables = {
  GRPC_PORT: serviceVariables.PORT.describe('port to listen on for gRPC (HTTP/2 without TLS)'),
} as const;
