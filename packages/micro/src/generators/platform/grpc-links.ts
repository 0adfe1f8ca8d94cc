import type { Service } from '../../platform/platform';
import type { ReadFile } from '../../platform/workspace';
import { noGrpcCallsOf } from '../connect/grpc-client';
import { about, type OptionProblem } from '../option-problem';
import { protoPackage } from '../service/proto-library';
import type { DescribedService } from './description';

/** A link whose consumer still lacks a gRPC client. */
export interface GrpcLink {
  consumer: string;
  provider: string;
}

/** What decides whether a link can be called over gRPC. */
interface GrpcFacts {
  services: readonly Service[];
  described: readonly DescribedService[];
  read: ReadFile;
}

/** Why providers cannot be called over gRPC; one that is no service at all is told elsewhere. */
export function noGrpcLinks(
  { name, consumes = [], overGrpc }: DescribedService,
  { services, described, read }: GrpcFacts,
): OptionProblem[] {
  const noneOf = (provider: string): string | undefined => {
    const present = services.find((one) => one.name === provider);
    if (present) return noGrpcCallsOf(present, (path) => read(path) !== undefined);
    const made = described.find((one) => one.name === provider);
    return made === undefined || made.grpc === true
      ? undefined
      : `"${provider}" is described without gRPC: give it "grpc: true", or leave "grpc" out here`;
  };
  return consumes
    .map((provider, index) =>
      provider !== name && overGrpc.includes(provider)
        ? about(['consumes', index], noneOf(provider))
        : undefined,
    )
    .filter((problem) => problem !== undefined);
}

/**
 * The providers that a service does not call over gRPC yet. One that does has the contract among its packages, also if
 * a person moved or replaced its client.
 */
export function missingGrpcLinks(
  { root }: Pick<Service, 'root'>,
  { overGrpc }: DescribedService,
  { read, packageScope }: { read: ReadFile; packageScope: string },
): string[] {
  const { dependencies = {} } = JSON.parse(read(`${root}/package.json`) ?? '{}') as {
    dependencies?: Record<string, string>;
  };
  return overGrpc.filter((provider) => !(protoPackage(packageScope, provider) in dependencies));
}
