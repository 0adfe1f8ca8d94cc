import type { Manifest } from '../../platform/manifest';
import { nextFreePort } from '../../platform/port';

interface GrpcRequest {
  grpc?: boolean;
  auth?: 'none' | 'jwt' | 'service-keys';
}

/** The port for gRPC: the next free one after all others. */
export function grpcPortOf({ grpc }: GrpcRequest, used: ReadonlySet<number>): number | undefined {
  return grpc ? nextFreePort(used) : undefined;
}

/** Why a service cannot speak gRPC, or `undefined` if it can. */
export function noGrpcOf(kind: Manifest['kind'], { grpc, auth }: GrpcRequest): string | undefined {
  if (!grpc) return undefined;
  if (kind === 'worker') return 'A worker takes no calls: leave out --grpc';
  if (kind === 'gateway') {
    return 'A gateway passes on HTTP: give --grpc to the services behind it, and leave it out here';
  }
  return auth === 'jwt'
    ? 'Tokens of people are not verified over gRPC, which services call: use --auth=service-keys with --grpc'
    : undefined;
}
