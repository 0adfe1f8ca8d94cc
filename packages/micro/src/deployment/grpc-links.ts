import { grpcLinkVariable, networkUrl } from '../platform/link';
import { grpcHost } from '../platform/name';
import { serviceNamed, type Platform, type Service } from '../platform/platform';

/** The variables with which a service finds the gRPC of others, if that has a name of its own. */
export function grpcLinks(platform: Platform, { consumes }: Service): Record<string, string> {
  return Object.fromEntries(
    consumes.flatMap((consumed) => {
      const { name, grpcPort } = serviceNamed(platform, consumed);
      return grpcPort === undefined
        ? []
        : [[grpcLinkVariable(name), networkUrl({ name: grpcHost(name), port: grpcPort })]];
    }),
  );
}
