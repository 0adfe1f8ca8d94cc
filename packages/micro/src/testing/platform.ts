import { parsePlatform, type Platform } from '../platform/platform';

/** The platform `acme` of services in `apps/`, by name with the text of their manifests. */
export function platformOf(manifests: Readonly<Record<string, string>>): Platform {
  return parsePlatform(
    'acme',
    Object.entries(manifests).map(([name, text]) => ({
      name,
      root: `apps/${name}`,
      file: `apps/${name}/service.yml`,
      text,
    })),
  );
}
