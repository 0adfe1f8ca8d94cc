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

const PLATFORM_PACKAGE = /[-/](?:linux|darwin|win32|freebsd)[-/](?:x64|arm64|ia32|arm)\b/;

/** Why a package must be installed in the image instead of bundled; `undefined` where it can be bundled. */
export function externalReason(facts: PackageFacts): string | undefined {
  if (HOOKING_PACKAGES.test(facts.name)) return 'it hooks module loading';
  const loader = ADDON_LOADERS.find((name) => facts.dependencies?.[name] !== undefined);
  if (loader) return `a native addon (depends on ${loader})`;
  if (facts.gypfile || facts.napi !== undefined || facts.hasBinding) return 'a native addon';
  const prebuilt = Object.keys(facts.optionalDependencies ?? {}).find((name) =>
    PLATFORM_PACKAGE.test(name),
  );
  return prebuilt ? `a native addon (brings ${prebuilt})` : undefined;
}

/** The package of an import: `@acme/shared/money` -> `@acme/shared`, `fastify/lib/x` -> `fastify`. */
export function packageOfImport(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}
