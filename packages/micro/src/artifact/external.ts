/** The parts of a package.json that say whether the package can be bundled. */
export interface PackageFacts {
  name: string;
  gypfile?: boolean;
  napi?: unknown;
  binary?: unknown;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  /** Whether a `binding.gyp` or a `prebuilds` folder lies in the package. */
  hasBinding: boolean;
}

/** Packages whose only purpose is to load or build a native addon. */
const ADDON_LOADERS = [
  'bindings',
  'node-addon-api',
  'node-gyp-build',
  'node-gyp-build-optional-packages',
  'node-pre-gyp',
  '@mapbox/node-pre-gyp',
  'prebuild-install',
  'nan',
];

/** Packages that hook `require` or start files of their own, and so must lie on disk as published. */
const HOOKING_PACKAGES =
  /^(?:@opentelemetry\/(?:instrumentation|auto-instrumentations).*|(?:require|import)-in-the-middle|newrelic|dd-trace|elastic-apm-node|@prisma\/client)$/;

/**
 * Instrumentations that listen to diagnostics channels and hook nothing. What they extend brings the
 * hooks along and sets them only on modules that an instrumentation names: with these all of it can
 * be bundled, 1.2 MB instead of 13.4 MB that would be installed.
 */
const HOOKLESS_INSTRUMENTATIONS: readonly string[] = [
  '@fastify/otel',
  '@opentelemetry/instrumentation-undici',
];

const INSTRUMENTATION_BASE = '@opentelemetry/instrumentation';

const PLATFORM_PACKAGE = /[-/](?:linux|darwin|win32|freebsd)[-/](?:x64|arm64|ia32|arm)\b/;

/**
 * Why a package must be installed in the image instead of bundled; `undefined` if it can be bundled.
 *
 * @param importer the package whose code imports it; none for the service's own code and its libraries.
 */
export function externalReason(facts: PackageFacts, importer?: string): string | undefined {
  if (HOOKING_PACKAGES.test(facts.name) && !isHookless(facts.name, importer)) {
    return 'it hooks module loading';
  }
  const loader = ADDON_LOADERS.find((name) => facts.dependencies?.[name] !== undefined);
  if (loader) return `a native addon (depends on ${loader})`;
  if (facts.gypfile || facts.napi !== undefined || facts.hasBinding) return 'a native addon';
  const prebuilt = Object.keys(facts.optionalDependencies ?? {}).find((name) =>
    PLATFORM_PACKAGE.test(name),
  );
  return prebuilt ? `a native addon (brings ${prebuilt})` : undefined;
}

/**
 * The base class is bundled only for those that hook nothing, and what it imports only with it: code
 * that hooks by itself shares one copy of both with the loader, on disk.
 */
function isHookless(name: string, importer: string | undefined): boolean {
  if (HOOKLESS_INSTRUMENTATIONS.includes(name)) return true;
  if (importer === undefined) return false;
  return name === INSTRUMENTATION_BASE
    ? HOOKLESS_INSTRUMENTATIONS.includes(importer)
    : importer === INSTRUMENTATION_BASE && name.endsWith('-in-the-middle');
}

/** The package of an import: `@acme/shared/money` -> `@acme/shared`, `fastify/lib/x` -> `fastify`. */
export function packageOfImport(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}
