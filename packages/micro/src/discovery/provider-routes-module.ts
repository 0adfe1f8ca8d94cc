import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import { linkVariable } from '../platform/link';
import { serviceNamed, type Platform, type Service } from '../platform/platform';
import { toRoute, type Route, type RouteEntry } from '../platform/route';
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
        ...providers.flatMap(({ routes }) => pathsIn(routes.map(shownRoute))),
      ],
      pattern: /^MICROSERVICE_[A-Z0-9_]+_URL$|^\//,
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
      ...routes.map((entry) => `        ${renderValue(shownRoute(entry), '        ')},`),
      '      ],',
      '    },',
    ]),
    '  ];',
    '}',
  ];
}

/** The options that the gateway needs to know. */
function shownRoute(entry: RouteEntry): Route {
  const route = toRoute(entry);
  return { ...route, websocket: route.websocket === false ? undefined : route.websocket };
}

/** A value as code, each key on a line of its own. */
function renderValue(value: unknown, indent: string): string {
  if (typeof value === 'string') return renderText(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${renderValue(item, inner)},`);
    return ['[', ...items, `${indent}]`].join('\n');
  }
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .map(([key, one]) => `${inner}${renderKey(key)}: ${renderValue(one, inner)},`);
  return ['{', ...entries, `${indent}}`].join('\n');
}

function renderKey(key: string): string {
  // As a literal key, it would set the prototype.
  if (key === '__proto__') return `['${key}']`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : renderText(key);
}

function renderText(text: string): string {
  return /['\\\p{C}\p{Zl}\p{Zp}]/u.test(text) ? JSON.stringify(text) : `'${text}'`;
}

/** All texts in a value that start with a slash. Messages about drift name them. */
function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('/') ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [...pathsIn(key), ...pathsIn(one)]);
}
