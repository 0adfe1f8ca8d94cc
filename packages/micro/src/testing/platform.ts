import { parsePlatform, type Platform } from '../platform/platform';

/** A platform of services in `apps/`, by name with the text of their manifests. */
export function platformOf(manifests: Readonly<Record<string, string>>, name = 'acme'): Platform {
  return parsePlatform(
    name,
    Object.entries(manifests).map(([service, text]) => {
      const root = `apps/${service}`;
      return { name: service, root, file: `${root}/service.yml`, text };
    }),
  );
}
