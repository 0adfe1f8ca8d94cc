import { flatName } from './flat-name';
import { parse, stringify } from 'yaml';
import { requireLinuxPackages } from './linux-packages';
import {
  YarnClosure,
  nameOf,
  type YarnEntries,
  type YarnPackage,
  type YarnRoot,
} from './yarn-closure';
import { parseResolutions, patchPaths, tarballPath } from './yarn-resolutions';
import { formatYarnLockfile } from './yarn-text';
import { pruneBuilt, pruneYarnSettings, type BuiltMeta, type YarnSettings } from './yarn-settings';

/** The parts of the workspace's package.json that decide what is installed. */
export interface YarnWorkspaceManifest {
  resolutions?: Record<string, string>;
  dependenciesMeta?: BuiltMeta;
}

/** Files of the workspace, as far as an image's installation comes from them. */
export interface YarnWorkspace {
  /** Text of yarn.lock. */
  lockfile: string;
  manifest: YarnWorkspaceManifest;
  /** `.yarnrc.yml` */
  settings: YarnSettings;
  /** Installed packages that have an install script, as `name@version`. */
  scripted: ReadonlySet<string>;
  /** The service's folder: its dependencies are what packages find their peers among. */
  project: string;
}

/** What the image installs: files that `yarn install --immutable` accepts together. */
export interface YarnInstall {
  packageJson: Record<string, unknown>;
  /** `yarn.lock` */
  lockfile: string;
  /** `.yarnrc.yml` */
  settings: string;
  /** Packed packages and patches: name in the image -> path in the workspace. */
  tarballs: Record<string, string>;
}

/** Name of the only package of the image, which is part of the lockfile. */
const IMAGE = 'image';

/**
 * Cuts the `yarn.lock` of a workspace down to the closure of some packages. The image always installs into
 * `node_modules`: what runs there is a bundle, which no loader of Yarn starts.
 *
 * @param roots by the name under which the code imports them.
 * @throws if a package is not in the lockfile, cannot be had outside the workspace, or has an install script about which
 *   nobody decided.
 */
export function pruneYarnLockfile(
  roots: ReadonlyMap<string, YarnRoot>,
  { lockfile, manifest, settings, scripted, project }: YarnWorkspace,
): YarnInstall {
  const { __metadata: metadata, ...entries } = parse(lockfile) as YarnEntries & {
    __metadata?: { version?: number | string };
  };
  const version = Number(metadata?.version ?? 0);
  requireVersion(version);
  const closure = new YarnClosure(entries, parseResolutions(manifest.resolutions ?? {}), settings);
  for (const [name, root] of [...roots].sort(byName)) closure.addRoot(name, root);
  closure.addPeers(project);
  requireLinuxPackages(
    [...roots].map(([name, { optional = [] }]) => ({
      name,
      optional,
      has: (one) => closure.has(one),
    })),
    'yarn.lock',
  );
  const labels = closure.packages().map((one) => `${nameOf(one)}@${one.version}`);
  const built = pruneBuilt(
    labels.filter((label) => scripted.has(label)).sort(),
    manifest.dependenciesMeta ?? {},
    settings,
    version,
  );
  const files = localFiles(closure.packages());
  const resolutions = Object.entries(manifest.resolutions ?? {}).filter(([pattern]) =>
    closure.usedPatterns.has(pattern),
  );
  const image = {
    dependencies: Object.fromEntries([...closure.dependencies].sort(byName)),
    ...(built ? { dependenciesMeta: built } : {}),
  };
  const packageJson = {
    name: IMAGE,
    private: true,
    type: 'module',
    ...image,
    ...(resolutions.length > 0 ? { resolutions: Object.fromEntries(resolutions) } : {}),
  };
  const locked = Object.fromEntries(
    [
      ...closure.entries(),
      [
        `${IMAGE}@workspace:.`,
        {
          version: '0.0.0-use.local',
          resolution: `${IMAGE}@workspace:.`,
          ...image,
          languageName: 'unknown',
          linkType: 'soft',
        },
      ] as [string, YarnPackage],
    ].sort(byName),
  );
  return {
    packageJson: move(packageJson, files),
    lockfile: formatYarnLockfile({ __metadata: metadata, ...move(locked, files) }),
    settings: toYaml(pruneYarnSettings(settings, new Set(closure.packages().map(nameOf)))),
    tarballs: Object.fromEntries(files.map(({ path, name }) => [name, path])),
  };
}

function requireVersion(version: number): void {
  if (version >= 8) return;
  throw new Error(
    `yarn.lock has version ${version === 0 ? '1' : version}: run yarn install with Yarn 4 or later`,
  );
}

interface LocalFile {
  path: string;
  /** In the image. */
  name: string;
  /** How a yarn.lock writes it, and how it does in the image. */
  texts: (readonly [from: string, to: string])[];
}

/** Packed packages and patches lie beside the package.json of the image, and belong to its only package. */
function localFiles(packages: readonly YarnPackage[]): LocalFile[] {
  return packages.flatMap(({ resolution }): LocalFile[] => {
    const path = tarballPath(resolution);
    if (path !== undefined) {
      const name = flatName(path);
      const written = /@file:([^#]+)#/.exec(resolution)![1]!;
      const locator = /locator=([^&]+)/.exec(resolution)![1]!;
      return [
        {
          path,
          name,
          texts: [
            [`file:${written}#${written}`, `file:${name}#${name}`],
            [`file:${written}`, `file:${name}`],
            [`locator=${locator}`, `locator=${IMAGE}%40workspace%3A.`],
          ],
        },
      ];
    }
    return patchPaths(resolution).map((patch) => ({
      path: patch,
      name: flatName(patch),
      texts: [[`~/${patch}`, `~/${flatName(patch)}`]] as const,
    }));
  });
}

/** Names of local files are part of keys, of references and of each other. */
function move<Value>(value: Value, files: readonly LocalFile[]): Value {
  const text = files
    .flatMap(({ texts }) => texts)
    .reduce((all, [from, to]) => all.replaceAll(from, to), JSON.stringify(value));
  return JSON.parse(text) as Value;
}

function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
