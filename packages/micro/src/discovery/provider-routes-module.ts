import { posix } from 'node:path';
import type { Aggregate } from '../platform/aggregate';
import type { DerivedFile } from '../platform/derived-file';
import { linkVariable } from '../platform/link';
import { serviceNamed, type Platform, type Service } from '../platform/platform';
import { namedClasses } from '../platform/route-limit';
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
  const entries = [
    ...providers.map((one) => providerEntry(one, gateway)),
    ...gateway.aggregates.map((one) => aggregateEntry(one, gateway)),
  ];
  const called = gateway.aggregates.flatMap(({ parts }) =>
    Object.values(parts).map(({ service }) => service),
  );
  return convergeModule(
    {
      path: providerRoutesModuleFile(gateway),
      text: renderModule(entries, gateway.aggregates.length > 0),
      variables: [
        ...new Set([...providers.map(({ name }) => name), ...called].map(linkVariable)),
        ...pathsIn(entries),
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

function renderModule(entries: readonly object[], hasAggregates: boolean): string {
  const type = hasAggregates ? '(Aggregate | Provider)[]' : 'Provider[]';
  return [
    HEADER,
    `import type { ${hasAggregates ? 'Aggregate, ' : ''}Provider } from '@org/chassis/gateway';`,
    ...(entries.length > 0 ? [`import type { Config } from './config.js';`] : []),
    '',
    ...(entries.length > 0 ? renderEntries(entries, type) : [NO_PROVIDERS]),
    '',
  ].join('\n');
}

const NO_PROVIDERS = 'export const providerRoutes: (config: object) => Provider[] = () => [];';

function renderEntries(entries: readonly object[], type: string): string[] {
  return [
    `export function providerRoutes(config: Config): ${type} {`,
    `  return ${renderValue(entries, '  ')};`,
    '}',
  ];
}

/** Code, not a text. */
class Code {
  constructor(readonly text: string) {}
}

function urlOf(service: string): Code {
  return new Code(`config.${linkVariable(service)}`);
}

function providerEntry({ name, routes }: Service, gateway: Service): object {
  const shown = routes.map((entry) => withClaim(shownRoute(entry), gateway));
  return { service: name, url: urlOf(name), routes: shown };
}

/** A limit with classes, with the claim that names the class of a caller. */
function withClaim<Limited extends Pick<Route, 'rateLimit'>>(
  limited: Limited,
  { callerClass }: Service,
): Limited {
  const { rateLimit } = limited;
  return typeof rateLimit === 'object' && namedClasses(rateLimit).length > 0
    ? { ...limited, rateLimit: { ...rateLimit, classClaim: callerClass } }
    : limited;
}

function aggregateEntry({ parts, ...rest }: Aggregate, gateway: Service): object {
  const called = Object.entries(parts).map(([name, { service, ...part }]) => [
    name,
    { service, url: urlOf(service), ...part },
  ]);
  return { ...withClaim(rest, gateway), parts: Object.fromEntries(called) as object };
}

/** The options that the gateway needs to know. */
function shownRoute(entry: RouteEntry): Route {
  const route = toRoute(entry);
  return { ...route, websocket: route.websocket === false ? undefined : route.websocket };
}

/** A value as code, each key on a line of its own. */
function renderValue(value: unknown, indent: string): string {
  if (typeof value === 'string') return renderText(value);
  if (value instanceof Code) return value.text;
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
  if (typeof value !== 'object' || value === null || value instanceof Code) return [];
  return Object.entries(value).flatMap(([key, one]) => [...pathsIn(key), ...pathsIn(one)]);
}
