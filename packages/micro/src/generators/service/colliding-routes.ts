import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { toRoute } from '../../platform/route';

/** What the manifests will say once the gateway is there, said before anything is written. */
export function collidingRoutes(
  { services }: { services: readonly Service[] },
  consumes: readonly string[],
): string[] {
  const owners = new Map<string, string>();
  return services
    .filter(({ name }) => consumes.includes(name))
    .flatMap(({ name, routes }) =>
      routes.flatMap((entry) => {
        const { path } = toRoute(entry);
        const owner = owners.get(path);
        owners.set(path, name);
        return owner === undefined || owner === name
          ? []
          : [
              `"${owner}" and "${name}" both have the route ${path}: change one in its ${MANIFEST_FILE}`,
            ];
      }),
    );
}
