import { posix } from 'node:path';
import { formatDrift, formatStale, type DerivedFile } from '../platform/derived-file';
import { linkVariable } from '../platform/link';
import type { Platform, Service } from '../platform/platform';
import { sentKeyVariable } from '../platform/service-key';
import { schemaFile, subgraphsOf } from '../platform/subgraph';
import { parseSubgraphs, SUBGRAPHS_FILE } from '../platform/subgraphs-file';
import { convergeModule } from './derived-module';

const HEADER =
  '// Kept by `nx sync` from service.yml: the subgraphs that this gateway consumes, and where they are.';

/** `apps/gateway/src/subgraphs.ts` */
export function subgraphsModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/subgraphs.ts');
}

/** The module that says where the subgraphs of a gateway are; wholly ours. */
export function deriveSubgraphsModule(
  platform: Platform,
  gateway: Service,
  current: string | undefined,
): DerivedFile {
  const entries = subgraphsOf(platform, gateway).map(({ name, auth }) => ({
    name,
    url: linkVariable(name),
    ...(auth === 'service-keys' && { key: sentKeyVariable(name) }),
  }));
  const text = [
    HEADER,
    `import type { Subgraph } from '@org/chassis/graphql-gateway';`,
    `import type { Config } from './config.js';`,
    '',
    'export function subgraphs(config: Config): Subgraph[] {',
    '  return [',
    ...entries.flatMap(({ name, url, key }) => [
      '    {',
      `      name: '${name}',`,
      `      url: config.${url},`,
      ...(key === undefined ? [] : [`      serviceKey: config.${key},`]),
      '    },',
    ]),
    '  ];',
    '}',
    '',
  ].join('\n');
  const variables = entries.flatMap(({ url, key }) => [url, ...(key === undefined ? [] : [key])]);
  const pattern = /^MICROSERVICE_[A-Z0-9_]+_(?:URL|KEY)$/;
  return convergeModule({ path: subgraphsModuleFile(gateway), text, variables, pattern }, current);
}

/** `subgraphs.json` of a gateway: whose schemas `graphql-compose` reads. They are its inputs, and nothing else is. */
export function deriveSubgraphsFile(
  platform: Platform,
  gateway: Service,
  current: string | undefined,
): DerivedFile {
  const path = posix.join(gateway.root, SUBGRAPHS_FILE);
  const subgraphs = subgraphsOf(platform, gateway).map((one) => ({
    name: one.name,
    schema: schemaFile(one),
  }));
  const text = `${JSON.stringify({ subgraphs }, undefined, 2)}\n`;
  const known = parseSubgraphs(current ?? '');
  if (current === undefined) return { path, text, drift: ['the file is missing'] };
  if (JSON.stringify(known) === JSON.stringify(subgraphs))
    return { path, text: current, drift: [] };
  const is = known?.map(({ schema }) => schema) ?? [];
  const wanted = subgraphs.map(({ schema }) => schema);
  const drift = [
    ...is.filter((one) => !wanted.includes(one)).map(formatStale),
    ...wanted.filter((one) => !is.includes(one)).map((one) => formatDrift(one, undefined, one)),
  ];
  return { path, text, drift: drift.length > 0 ? drift : ['it was edited; nx sync replaces it'] };
}
