import type { Tree } from '@nx/devkit';
import { parseDocument } from 'yaml';
import { environmentFile, parseEnvironment } from '../../platform/environment';

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

/**
 * `environments/development.yml`, new or with the registry added where it names none.
 * @throws {PlatformError} where the file or the registry is not valid.
 */
export function developmentEnvironment(
  text: string | undefined,
  registry: string | undefined,
): string {
  if (text === undefined) return checked(newEnvironment(registry));
  const { registry: recorded } = parseEnvironment('development', text);
  if (registry === undefined || recorded !== undefined) return text;
  const document = parseDocument(text);
  document.set('registry', registry);
  return checked(document.toString({ lineWidth: 0 }));
}

function checked(text: string): string {
  parseEnvironment('development', text);
  return text;
}

function newEnvironment(registry: string | undefined): string {
  return `# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

# This machine's Docker Engine. Images stay on it, unless \`registry: localhost:5000\` or another
# says where they are pushed to.
engine: compose
${registry === undefined ? '' : `registry: ${registry}\n`}
# What differs here for single services:
# services:
#   gateway:
#     publish: 8080
`;
}

export const DEVELOPMENT_ENVIRONMENT = environmentFile('development');
