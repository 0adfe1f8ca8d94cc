import { logger, readJson, type Tree } from '@nx/devkit';
import { coerce, gte } from 'semver';
import { isSeq, parseDocument } from 'yaml';
import { hasDecisionAbout } from '../artifact/pnpm-builds';
import { nameOfSelector } from '../artifact/pnpm-lockfile-settings';
import { editJson } from './json-text';
import type { WorkspacePackageManager } from './workspace-tree';

/**
 * The packages with an install script that a workspace has because of Nx and of this plugin. Both run on each command
 * and each build anyway, so an approval lets them do nothing that they cannot do already.
 */
export const WORKSPACE_SCRIPTS = ['esbuild', 'nx'] as const;

/** The packages with an install script that a library with contracts of gRPC needs. */
export const PROTO_SCRIPTS = ['@bufbuild/buf'] as const;

const PNPM_WORKSPACE = 'pnpm-workspace.yaml';

/**
 * Approves the install scripts of these packages where the workspace's package manager asks for it, and says so. A
 * package about which something was decided is left alone, whether it was approved or denied, and in which versions.
 */
export function approveInstallScripts(
  tree: Tree,
  manager: WorkspacePackageManager,
  packages: readonly string[],
): void {
  const { file, approved } = approve(tree, manager, packages);
  if (approved.length === 0) return;
  logger.info(`${file} now approves the install scripts of ${approved.join(', ')}.`);
}

interface Approval {
  file: string;
  approved: readonly string[];
}

function approve(
  tree: Tree,
  manager: WorkspacePackageManager,
  packages: readonly string[],
): Approval {
  switch (manager.kind) {
    case 'npm':
      return approveInPackageJson(tree, packages, 'allowScripts');
    case 'yarn':
      // Before, Yarn ran all of them.
      return isAtLeast(manager.version, '4.14.0') && !runsAllInYarn(tree)
        ? approveInPackageJson(tree, packages, 'dependenciesMeta')
        : NOTHING;
    case 'bun':
      return approveInBun(tree, packages);
    case 'pnpm':
      return isAtLeast(manager.version, '10.0.0')
        ? approveInPnpm(tree, manager.version, packages)
        : NOTHING;
  }
}

const NOTHING: Approval = { file: 'package.json', approved: [] };

interface PackageJson {
  allowScripts?: Record<string, boolean>;
  dependenciesMeta?: Record<string, { built?: boolean }>;
  pnpm?: { onlyBuiltDependencies?: string[] };
  trustedDependencies?: string[];
}

function approveInPackageJson(
  tree: Tree,
  packages: readonly string[],
  field: 'allowScripts' | 'dependenciesMeta',
): Approval {
  const decisions: Readonly<Record<string, boolean | { built?: boolean }>> =
    readJson<PackageJson>(tree, 'package.json')[field] ?? {};
  const decided = Object.entries(decisions)
    .filter(([, decision]) => typeof decision === 'boolean' || decision.built !== undefined)
    .map(([spec]) => nameOfSelector(spec));
  const approved = packages.filter((name) => !decided.includes(name));
  const end = field === 'allowScripts' ? [] : ['built'];
  editJson(
    tree,
    'package.json',
    approved.map((name) => ({ path: [field, name, ...end], from: undefined, to: true })),
  );
  return { file: 'package.json', approved };
}

function runsAllInYarn(tree: Tree): boolean {
  const settings = parseDocument(tree.read('.yarnrc.yml', 'utf8') ?? '');
  return settings.get('enableScripts') === true;
}

/** Bun trusts these by itself, unless package.json has a list of its own, which replaces that of Bun. */
function approveInBun(tree: Tree, packages: readonly string[]): Approval {
  const { trustedDependencies: from } = readJson<PackageJson>(tree, 'package.json');
  if (from === undefined) return NOTHING;
  const approved = packages.filter((name) => !from.includes(name));
  const to = [...from, ...approved];
  editJson(tree, 'package.json', [{ path: ['trustedDependencies'], from, to }]);
  return { file: 'package.json', approved };
}

/** pnpm 10 has a list of names, from 10.26 on also the map that is the only way in pnpm 11. */
function approveInPnpm(tree: Tree, version: string, packages: readonly string[]): Approval {
  const packageJson = readJson<PackageJson>(tree, 'package.json');
  const text = tree.read(PNPM_WORKSPACE, 'utf8') ?? '';
  // What package.json says does not count in pnpm 11.
  const readsPackageJson = !isAtLeast(version, '11.0.0');
  const files = { ...(readsPackageJson ? { packageJson } : {}), workspace: text };
  const approved = packages.filter((name) => !hasDecisionAbout(name, files));
  if (approved.length === 0) return NOTHING;
  const listed = packageJson.pnpm?.onlyBuiltDependencies;
  if (readsPackageJson && listed !== undefined) {
    const path = ['pnpm', 'onlyBuiltDependencies'];
    editJson(tree, 'package.json', [{ path, from: listed, to: [...listed, ...approved] }]);
    return { file: 'package.json', approved };
  }
  const document = parseDocument(text);
  const list = document.get('onlyBuiltDependencies');
  if (readsPackageJson && isSeq(list)) {
    for (const name of approved) list.add(document.createNode(name));
  } else if (isAtLeast(version, '10.26.0') || (readsPackageJson && document.has('allowBuilds'))) {
    for (const name of approved) document.setIn(['allowBuilds', name], true);
  } else {
    document.set('onlyBuiltDependencies', approved);
  }
  tree.write(PNPM_WORKSPACE, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  return { file: PNPM_WORKSPACE, approved };
}

/** A version may be written as `10`: that is the newest of them. */
function isAtLeast(version: string, least: string): boolean {
  const [major = '', ...rest] = version.split('.');
  const whole = rest.length === 0 ? `${major}.999.0` : (coerce(version)?.version ?? '0.0.0');
  return gte(whole, least);
}
