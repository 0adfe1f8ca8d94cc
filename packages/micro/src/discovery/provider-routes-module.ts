import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import { linkVariable } from '../platform/link';
import { serviceNamed, type Platform, type Service } from '../platform/platform';
import { toRoute, type Route } from '../platform/route';
import { convergeModule } from './derived-module';

const HEADER =
  '// Kept by `nx sync` from service.yml: the public routes of the services that this gateway consumes.';

/** `apps/gateway/src/provider-routes.ts` */
export function providerRoutesModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/provider-routes.ts');
}

/** The module that says what a gateway serves of whom; wholly ours. */
export function deriveProviderRoutesModule(
  platform: Platform,
  gateway: Service,
  current: string | undefined,
): DerivedFile {
  const providers = publicProviders(platform, gateway);
  return convergeModule(
    {
      path: providerRoutesModuleFile(gateway),
      text: renderModule(providers),
      variables: [
        ...providers.map(({ name }) => linkVariable(name)),
        ...providers.flatMap(({ routes }) => routes.map((entry) => toRoute(entry).path)),
      ],
      pattern: /^MICROSERVICE_[A-Z0-9_]+_URL$|^\/./,
    },
    current,
  );
}

function publicProviders(platform: Platform, { consumes }: Service): Service[] {
  return consumes
    .map((name) => serviceNamed(platform, name))
    .filter(({ expose, routes }) => expose === 'public' && routes.length > 0);
}

function renderModule(providers: readonly Service[]): string {
  return [
    HEADER,
    `import type { Provider } from '@org/chassis/gateway';`,
    ...(providers.length > 0 ? [`import type { Config } from './config.js';`] : []),
    '',
    ...(providers.length > 0 ? renderProviders(providers) : [NO_PROVIDERS]),
    '',
  ].join('\n');
}

const NO_PROVIDERS = 'export const providerRoutes: (config: object) => Provider[] = () => [];';

function renderProviders(providers: readonly Service[]): string[] {
  return [
    'export function providerRoutes(config: Config): Provider[] {',
    '  return [',
    ...providers.flatMap(({ name, routes }) => [
      '    {',
      `      service: '${name}',`,
      `      url: config.${linkVariable(name)},`,
      '      routes: [',
      ...routes.map(toRoute).flatMap(renderRoute),
      '      ],',
      '    },',
    ]),
    '  ];',
    '}',
  ];
}

function renderRoute({ path, auth, rateLimit, timeoutMs, websocket }: Route): string[] {
  const lines = [
    `path: '${path}'`,
    auth && `auth: '${auth}'`,
    rateLimit && `rateLimit: '${rateLimit}'`,
    timeoutMs !== undefined && `timeoutMs: ${timeoutMs}`,
    websocket && 'websocket: true',
  ].filter((line) => typeof line === 'string');
  return ['        {', ...lines.map((line) => `          ${line},`), '        },'];
}
