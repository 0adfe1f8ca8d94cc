import type { Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { parseDocument } from 'yaml';
import { parseAnyEnvironment } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { newEnvironment } from '../environment/new-environment';
import type { EnvironmentTexts } from '../workspace-tree';

const IGNORED = [
  'node_modules',
  'dist',
  'out-tsc',
  'tmp',
  '.env',
  '.nx/cache',
  '.nx/workspace-data',
];

/** `.gitignore` with the entries that are missing. */
export function extendGitignore(text: string): string {
  const listed = new Set(text.split('\n').map((line) => line.trim().replace(/^\/|\/$/g, '')));
  const missing = IGNORED.filter((entry) => !listed.has(entry));
  if (missing.length === 0) return text;
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return `${start}${missing.join('\n')}\n`;
}

export const ESLINT_CONFIG = `import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig([
  globalIgnores(['**/dist', '**/out-tsc', '**/coverage', '.nx', 'tmp']),
  tseslint.configs.recommended,
]);
`;

export function hasEslintConfig(tree: Tree): boolean {
  return tree
    .children('.')
    .some((file) =>
      /^(eslint\.config\.[cm]?[jt]s|\.eslintrc(\.(json|[cm]?js|ya?ml))?)$/.test(file),
    );
}

const DEVELOPMENT_ENVIRONMENT = environmentFile('development');

/**
 * The environments of a workspace: new ones, or existing ones with the registry added if they have none. If there are
 * any, missing ones are not created, because a person may have removed them. Only `development` always exists: it is
 * the default of all targets.
 *
 * @param present every file in `environments/` that exists.
 * @throws {PlatformError} if a file or the registry is not valid.
 */
export function planEnvironments(
  present: Readonly<EnvironmentTexts>,
  registry: string | undefined,
): EnvironmentTexts {
  const isNew = Object.keys(present).length === 0;
  const made: EnvironmentTexts = {
    [DEVELOPMENT_ENVIRONMENT]: newDevelopment(registry),
    ...(isNew ? newServing(registry) : {}),
  };
  const texts = Object.fromEntries(
    Object.entries({ ...made, ...present }).map(([file, text]) => [
      file,
      withRegistry(nameOf(file), text, registry),
    ]),
  );
  for (const [file, text] of Object.entries(texts)) {
    if (file in made) parseAnyEnvironment(nameOf(file), text);
  }
  return texts;
}

function nameOf(file: string): string {
  return posix.basename(file, '.yml');
}

/** Only those that `init` makes: of others, it does not know what they are for. */
function withRegistry(name: string, text: string, registry: string | undefined): string {
  if (registry === undefined || !MADE.includes(name)) return text;
  const { registry: recorded } = parseAnyEnvironment(name, text);
  const document = parseDocument(text);
  // Only a written `images: local` counts: without a registry, it is also the default.
  if (recorded !== undefined || document.get('images') === 'local') return text;
  document.set('registry', registry);
  return document.toString({ lineWidth: 0 });
}

/** The environments that `init` writes into a new workspace. */
export function newEnvironments(registry: string | undefined): EnvironmentTexts {
  return { [DEVELOPMENT_ENVIRONMENT]: newDevelopment(registry), ...newServing(registry) };
}

/** Beside development on one engine they have ports of their own. */
function newServing(registry: string | undefined): EnvironmentTexts {
  const common = { registry, gateways: [] };
  return {
    [environmentFile('staging')]: newEnvironment({ ...common, name: 'staging', portOffset: 1000 }),
    [environmentFile('production')]: newEnvironment({
      ...common,
      name: 'production',
      images: 'pushed',
      portOffset: 2000,
    }),
  };
}

const MADE = ['development', 'staging', 'production'];

function newDevelopment(registry: string | undefined): string {
  return `# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

# The Docker Engine of this machine. Images stay on it; to push them, set \`registry: localhost:5000\`.
engine: compose
${registry === undefined ? '' : `registry: ${registry}\n`}
# Overrides for single services:
# services:
#   gateway:
#     publish: 8080
`;
}
