import { z } from 'zod';
import type { ReadFile } from '../platform/workspace';
import { parseYaml } from '../platform/yaml-source';
import type { DockerignoreFacts } from './dockerignore';

const PNPM_WORKSPACE = 'pnpm-workspace.yaml';

/** What an installation or a build reads at the workspace root, where it is there. */
const ROOT_FILES = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  PNPM_WORKSPACE,
  'yarn.lock',
  '.yarnrc.yml',
  'bun.lock',
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
  })
  .catch({ workspaces: [], dependencies: {}, devDependencies: {}, optionalDependencies: {} });

/** What every image's build context shares: files at the root and the packages' places. */
export function readWorkspaceContext(
  read: ReadFile,
): Pick<DockerignoreFacts, 'workspaceFiles' | 'workspaceGlobs'> {
  const { workspaces, ...groups } = rootPackage.parse(JSON.parse(read('package.json') ?? '{}'));
  const listed = Array.isArray(workspaces) ? workspaces : workspaces.packages;
  const npmrc = read('.npmrc');
  return {
    workspaceFiles: [
      ...ROOT_FILES.filter((file) => read(file) !== undefined),
      ...(npmrc !== undefined && !holdsCredential(npmrc) ? ['.npmrc'] : []),
      ...Object.values(groups).flatMap((group) => Object.values(group).flatMap(localTarball)),
    ],
    workspaceGlobs: [...listed, ...readPnpmGlobs(read(PNPM_WORKSPACE))],
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

function readPnpmGlobs(text: string | undefined): string[] {
  if (text === undefined) return [];
  const { source } = parseYaml(PNPM_WORKSPACE, text);
  return z.object({ packages: globs }).safeParse(source?.value).data?.packages ?? [];
}
