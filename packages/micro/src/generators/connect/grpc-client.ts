import { generateFiles, names, OverwriteStrategy, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import { grpcLinkVariable } from '../../platform/link';
import type { Service } from '../../platform/platform';
import { protoLibraryRoot, protoNames } from '../../platform/proto-library';
import { sentKeyVariable } from '../../platform/service-key';
import { protoPackage } from '../service/proto-library';

/** Creates the consumer's gRPC client of a provider, once: `src/clients/inventory-grpc.ts`. */
export function generateGrpcClient(
  tree: Tree,
  consumerRoot: string,
  { name: provider, auth }: Pick<Service, 'name' | 'auth'>,
  packageScope: string,
): void {
  const variables = [
    grpcLinkVariable(provider),
    ...(auth === 'service-keys' ? [sentKeyVariable(provider)] : []),
  ];
  generateFiles(
    tree,
    join(__dirname, 'files/grpc'),
    consumerRoot,
    {
      provider,
      propertyName: names(provider).propertyName,
      protoService: protoNames(provider).serviceName,
      protoPackage: protoPackage(packageScope, provider),
      variables,
      keys: variables.map((name) => `'${name}'`).join(' | '),
    },
    { overwriteStrategy: OverwriteStrategy.KeepExisting },
  );
}

/** Whether a consumer has a gRPC client of a provider: then its link needs no client for HTTP. */
export function hasGrpcClient(tree: Tree, consumerRoot: string, provider: string): boolean {
  return tree.exists(posix.join(consumerRoot, 'src/clients', `${provider}-grpc.ts`));
}

/** Why a provider cannot be called over gRPC, or `undefined` if it can. */
export function noGrpcCallsOf(
  { name, root, grpcPort }: Pick<Service, 'name' | 'root' | 'grpcPort'>,
  exists: (path: string) => boolean,
): string | undefined {
  if (grpcPort === undefined) {
    return `"${name}" does not speak gRPC: ${root}/service.yml has no "grpcPort": leave out --grpc, or see docs/grpc.md, "A service that exists already"`;
  }
  const library = `${protoLibraryRoot(name)}/package.json`;
  return exists(library)
    ? undefined
    : `There is no ${library}, which has the gRPC contract of "${name}": create it by "npx nx g @org/micro:service ${name} --grpc", or leave out --grpc`;
}
