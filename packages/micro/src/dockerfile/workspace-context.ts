import { z } from 'zod';
import type { ReadFile } from '../platform/workspace';
import { parseYaml } from '../platform/yaml-source';
import type { DockerignoreFacts } from './dockerignore';

const PNPM_WORKSPACE = 'pnpm-workspace.yaml';
const YARN_SETTINGS = '.yarnrc.yml';

/** What Yarn keeps in a workspace and an installation reads; its cache is not among it. */
const YARN_FOLDERS = ['.yarn/patches', '.yarn/plugins', '.yarn/releases'];

/** Files at the workspace root that an installation or a build reads, if they exist. */
const ROOT_FILES = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  PNPM_WORKSPACE,
  '.pnpmfile.cjs',
  '.pnpmfile.mjs',
  'yarn.lock',
  YARN_SETTINGS,
  'bun.lock',
  'bunfig.toml',
  'nx.json',
  'tsconfig.base.json',
  'tsconfig.json',
] as const;

const dependencies = z.record(z.string(), z.string()).default({}).catch({});
const globs = z.array(z.string());

const rootPackage = z
  .object({
    workspaces: z.union([globs, z.object({ packages: globs })]).catch([]),
    dependencies,
    devDependencies: dependencies,
    optionalDependencies: dependencies,
    patchedDependencies: dependencies,
    pnpm: z.object({ patchedDependencies: dependencies }).catch({ patchedDependencies: {} }),
  })
  .catch({
    workspaces: [],
    dependencies: {},
    devDependencies: {},
    optionalDependencies: {},
    patchedDependencies: {},
    pnpm: { patchedDependencies: {} },
  });

/** What every image's build context shares: files at the root and the packages' places. */
export function readWorkspaceContext(
  read: ReadFile,
): Pick<DockerignoreFacts, 'workspaceFiles' | 'workspaceGlobs'> {
  const { workspaces, patchedDependencies, pnpm, ...groups } = rootPackage.parse(
    JSON.parse(read('package.json') ?? '{}'),
  );
  const listed = Array.isArray(workspaces) ? workspaces : workspaces.packages;
  const npmrc = read('.npmrc');
  const pnpmWorkspace = readPnpmWorkspace(read(PNPM_WORKSPACE));
  return {
    workspaceFiles: [
      ...ROOT_FILES.filter((file) => read(file) !== undefined),
      ...(npmrc !== undefined && !holdsCredential(npmrc) ? ['.npmrc'] : []),
      ...Object.values(groups).flatMap((group) => Object.values(group).flatMap(localTarball)),
      ...(read(YARN_SETTINGS) === undefined ? [] : YARN_FOLDERS),
      ...Object.values(patchedDependencies),
      ...Object.values({ ...pnpm.patchedDependencies, ...pnpmWorkspace.patchedDependencies }),
    ],
    workspaceGlobs: [...listed, ...pnpmWorkspace.packages],
  };
}

/** `file:vendor/chassis-1.0.0.tgz` */
function localTarball(specifier: string): string[] {
  const path = /^file:(?:\.\/)?([^/].*\.(?:tgz|tar\.gz))$/.exec(specifier)?.[1];
  return path === undefined || path.startsWith('../') ? [] : [path];
}

/** A token in plain text would stay in the layers of the build; `${NPM_TOKEN}` does not. */
function holdsCredential(npmrc: string): boolean {
  return /^[^#;\n]*_(?:authToken|auth|password)\s*=\s*(?!["']?\$\{)\S/im.test(npmrc);
}

const pnpmWorkspaceFile = z.object({
  packages: globs.catch([]),
  patchedDependencies: dependencies,
});

function readPnpmWorkspace(text: string | undefined): z.infer<typeof pnpmWorkspaceFile> {
  const value = text === undefined ? undefined : parseYaml(PNPM_WORKSPACE, text).source?.value;
  return pnpmWorkspaceFile.safeParse(value).data ?? { packages: [], patchedDependencies: {} };
}
