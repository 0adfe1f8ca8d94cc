import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import { linkVariable } from '../platform/link';
import type { Service } from '../platform/platform';
import { convergeModule } from './derived-module';

const HEADER = '// Kept by `nx sync` from service.yml: the services that this one calls.';

/** `apps/orders/src/links.ts` */
export function linksModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/links.ts');
}

/** The module with which a service's configuration checks its links; wholly ours. */
export function deriveLinksModule(service: Service, current: string | undefined): DerivedFile {
  const variables = service.consumes.map(linkVariable);
  return convergeModule(
    {
      path: linksModuleFile(service),
      text: renderLinksModule(variables),
      variables,
      pattern: /\bMICROSERVICE_[A-Z0-9_]+_URL\b/g,
    },
    current,
  );
}

function renderLinksModule(variables: readonly string[]): string {
  if (variables.length === 0) return `${HEADER}\nexport const links = {};\n`;
  const entries = variables.map((name) => `  ${name}: z.url(),\n`).join('');
  return `${HEADER}\nimport * as z from 'zod';\n\nexport const links = {\n${entries}};\n`;
}
