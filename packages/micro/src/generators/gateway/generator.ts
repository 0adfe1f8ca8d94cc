import type { GeneratorCallback, Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { UserError } from '../../platform/user-error';
import { createService } from '../service/generator';
import type { ServiceRequest } from '../service/options';
import { readTreePlatform } from '../workspace-tree';

export interface GatewaySchema extends Omit<
  ServiceRequest,
  'kind' | 'framework' | 'routes' | 'broker' | 'tracing' | 'auth' | 'grpc' | 'lambda'
> {
  auth?: 'none' | 'jwt';
}

/** A service of the kind gateway, with the features that it needs in front of other services. */
export async function gatewayGenerator(
  tree: Tree,
  schema: GatewaySchema,
): Promise<GeneratorCallback> {
  refuseOtherKinds(tree, schema);
  return createService(tree, { ...schema, kind: 'gateway' });
}

export default gatewayGenerator;

function refuseOtherKinds(tree: Tree, { name }: GatewaySchema): void {
  const existing = readTreePlatform(tree).services.find(
    (service) => service.name === posix.basename(name),
  );
  if (existing && existing.kind !== 'gateway') {
    throw new UserError(
      `"${existing.name}" in ${existing.root} is a ${existing.kind}, not a gateway: choose another name`,
    );
  }
}
