import { posix } from 'node:path';
import { formatDrift, formatStale, type DerivedFile } from '../platform/derived-file';
import { linkVariable } from '../platform/link';
import type { Service } from '../platform/platform';

const HEADER = '// Kept by `nx sync` from service.yml: the services that this one calls.';

/** `apps/orders/src/links.ts` */
export function linksModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/links.ts');
}

/** The module with which a service's configuration checks its links; wholly ours. */
export function deriveLinksModule(service: Service, current: string | undefined): DerivedFile {
  const path = linksModuleFile(service);
  const wanted = service.consumes.map(linkVariable);
  const text = renderLinksModule(wanted);
  if (current === undefined) return { path, text, drift: ['the file is missing'] };
  if (ignoreFormat(current) === ignoreFormat(text)) return { path, text: current, drift: [] };
  const present = [...new Set(current.match(/\bMICROSERVICE_[A-Z0-9_]+_URL\b/g) ?? [])];
  const drift = [
    ...present.filter((name) => !wanted.includes(name)).map(formatStale),
    ...wanted
      .filter((name) => !present.includes(name))
      .map((name) => formatDrift(name, undefined, name)),
  ];
  return { path, text, drift: drift.length > 0 ? drift : ['it was edited; it is made anew'] };
}

function renderLinksModule(variables: readonly string[]): string {
  if (variables.length === 0) return `${HEADER}\nexport const links = {};\n`;
  const entries = variables.map((name) => `  ${name}: z.url(),\n`).join('');
  return `${HEADER}\nimport * as z from 'zod';\n\nexport const links = {\n${entries}};\n`;
}

/** What is left where a workspace's Prettier has other quotes, semicolons, commas or indents. */
export function ignoreFormat(text: string): string {
  return text.replace(/[\s;,]/g, '').replaceAll('"', "'");
}
