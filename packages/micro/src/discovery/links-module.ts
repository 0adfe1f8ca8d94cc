import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import { variablesOfLink } from '../platform/link';
import type { Service } from '../platform/platform';
import { sentKeyVariable } from '../platform/service-key';
import { convergeModule } from './derived-module';

const HEADER = '// Kept by `nx sync` from service.yml: the services that this one calls.';

/** `apps/orders/src/links.ts` */
export function linksModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/links.ts');
}

/**
 * The module with which a service's configuration checks its links; wholly ours.
 *
 * @param providers the services that it consumes, in the order of its manifest.
 * @param keyed the providers that ask for a service key.
 */
export function deriveLinksModule(
  service: Service,
  providers: readonly Pick<Service, 'name' | 'grpcPort'>[],
  current: string | undefined,
  keyed: readonly string[] = [],
): DerivedFile {
  const urls = providers.flatMap(variablesOfLink);
  const keys = keyed.map(sentKeyVariable);
  return convergeModule(
    {
      path: linksModuleFile(service),
      text: renderLinksModule(urls, keys),
      variables: [...urls, ...keys],
      pattern: /^MICROSERVICE_[A-Z0-9_]+_(?:URL|KEY)$/,
    },
    current,
  );
}

function renderLinksModule(urls: readonly string[], keys: readonly string[]): string {
  if (urls.length === 0) return `${HEADER}\nexport const links = {};\n`;
  return [
    HEADER,
    ...(keys.length > 0 ? [`import { secret } from '@org/chassis';`] : []),
    `import * as z from 'zod';`,
    '',
    'export const links = {',
    ...urls.map((name) => `  ${name}: z.url(),`),
    ...keys.map((name) => `  ${name}: secret(z.string().min(16)),`),
    '};',
    '',
  ].join('\n');
}
