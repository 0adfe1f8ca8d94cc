export { createGrpcClient, type GrpcClientOptions } from './grpc/client.js';
export { callingService, serverInterceptor } from './grpc/served-calls.js';
export { grpcServer, type GrpcServer, type GrpcServerOptions } from './grpc/server.js';
export { grpcVariables } from './grpc/variables.js';
