/**
 * Nx follows packages by name and version. It does not select a service if its package is redirected to
 * another version that was there before (nrwl/nx#36929). If an npm override contradicts a range, it
 * even restores the old bundle from its cache. So a changed lockfile bundles every service again; an
 * equal bundle has an equal key, and no image is built.
 */
export const INSTALLATION = [
  '{workspaceRoot}/package-lock.json',
  '{workspaceRoot}/pnpm-lock.yaml',
  '{workspaceRoot}/yarn.lock',
  '{workspaceRoot}/bun.lock',
  // Overrides, registries, and permissions of install scripts: they change what the image installs.
  '{workspaceRoot}/package.json',
  '{workspaceRoot}/pnpm-workspace.yaml',
  '{workspaceRoot}/.npmrc',
  '{workspaceRoot}/.yarnrc.yml',
];
