import type { Tree } from '@nx/devkit';
import { VersionActions } from 'nx/release';
import { ENVIRONMENTS_FOLDER } from '../platform/environment-file';

/** What a service that was never released starts from. */
const FIRST = '0.0.0';

/**
 * How `nx release` versions a service. Its versions are git tags and tags of its image. No file has them, so a release
 * changes no content, and nothing is built again.
 */
export default class ServiceVersionActions extends VersionActions {
  override validManifestFilenames = ['package.json'];

  /** The file is optional. */
  override async validate(): Promise<void> {}

  /** The project of the platform has no version, even if a list such as "*" names it. */
  override async calculateNewVersion(...args: Parameters<VersionActions['calculateNewVersion']>) {
    if (this.projectGraphNode.data.root !== ENVIRONMENTS_FOLDER) {
      return super.calculateNewVersion(...args);
    }
    // Nx itself says so of a project that is not released.
    const newVersion = null as unknown as string;
    return Promise.resolve({ newVersion, logText: '⏩ The platform has no version' });
  }

  /** The version in package.json, for a service that was versioned there before. */
  override async readCurrentVersionFromSourceManifest(tree: Tree) {
    const manifestPath = `${this.projectGraphNode.data.root}/package.json`;
    const text = tree.read(manifestPath, 'utf8') ?? '{}';
    const { version } = JSON.parse(text) as { version?: string };
    return Promise.resolve({ currentVersion: version ?? FIRST, manifestPath });
  }

  override async readCurrentVersionFromRegistry() {
    return Promise.resolve(null);
  }

  override async readCurrentVersionOfDependency() {
    return Promise.resolve({ currentVersion: null, dependencyCollection: null });
  }

  override async updateProjectVersion(_tree: Tree, newVersion: string) {
    if (newVersion === null) return [];
    return Promise.resolve([`✍️  Version ${newVersion} becomes a git tag and a tag of the image`]);
  }

  override async updateProjectDependencies() {
    return Promise.resolve([]);
  }
}
