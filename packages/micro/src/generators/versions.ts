/** What `init` adds to the workspace; ranges that a workspace already has stay as they are. */
export const WORKSPACE_VERSIONS = {
  '@types/node': '^24.10.0',
  typescript: '~6.0.3',
  // The newest major that runs on Node 20 as well: what a generator writes must not depend on the
  // Node that happens to run it, or two people of a team generate different workspaces.
  vitest: '^4.1.12',
} as const;

/** Added only together with the ESLint configuration that needs them. */
export const LINT_VERSIONS = {
  eslint: '^10.15.0',
  'typescript-eslint': '^8.73.0',
} as const;

/** What a generated service runs on. */
export const SERVICE_VERSIONS = {
  'close-with-grace': '^2.5.0',
  fastify: '^5.12.8',
  zod: '^4.6.7',
} as const;

/** For images where neither `packageManager` of package.json nor an installed pnpm says which one. */
export const DEFAULT_PNPM_VERSION = '10';
